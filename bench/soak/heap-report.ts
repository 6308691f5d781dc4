// Loaded into the worker that is watched (--import): says what its heap holds, since nothing outside the process can see that.
import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const everyMs = 1_000;
const file = process.env['SOAK_HEAP_FILE'];

if (isMainThread && file) {
  setInterval(() => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external, arrayBuffers }));
    renameSync(`${file}.new`, file);
  }, everyMs).unref();
}
