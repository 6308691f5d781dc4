import { isMainThread } from 'node:worker_threads';

/** Longer than any file of tests takes on a slow machine; with more rounds of each fault than three, two hours. */
const fileMsMax = Number(process.env['FAULT_ROUNDS'] ?? 3) > 3 ? 7_200_000 : 600_000;

// Loaded into every test process (--import): `node --test` waits for ever for a file whose handles keep it alive, and
// --test-timeout bounds only the tests inside.
if (process.env['NODE_TEST_CONTEXT'] && isMainThread) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1]} has not ended after ${fileMsMax} ms. It still has: ${open}\n`);
    process.exit(1);
  }, fileMsMax).unref();
}
