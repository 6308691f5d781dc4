import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { armCrashPoint, crashPointVariable, SluiceError, toSluiceError } from '../../contract/index.ts';
import type { OpenedWriter, Reply, Request, ThreadOptions } from './protocol.ts';
import { WriterLoop } from './writer-loop.ts';

/** The writer's thread: takes requests as they come, answers each when it is durable. */
const port = parentPort;
if (!port) throw new SluiceError('INTERNAL', 'writer-thread.ts is a worker thread’s entry.');

armCrashPoint(process.env[crashPointVariable], () => process.kill(process.pid, 'SIGKILL'));

const reply = (message: Reply) => port.postMessage(message);
const succeeded = (id: number, opened: OpenedWriter | null = null) => reply({ id, ok: true, opened, slab: null });
const appended = (id: number, slab: Uint8Array | null) => {
  const returned = slab?.buffer instanceof ArrayBuffer ? [slab.buffer] : [];
  port.postMessage({ id, ok: true, opened: null, slab } satisfies Reply, returned);
};
const failed = (id: number, thrown: unknown) => {
  const { code, message, remedy } = toSluiceError(thrown);
  reply({ id, ok: false, error: { code, message, remedy } });
};

const loop = new WriterLoop(workerData as ThreadOptions, { succeeded, appended, failed, closed: () => port.close() });

port.on('message', (first: Request) => {
  // Whatever else has arrived joins the same transaction (group commit).
  const requests = [first];
  while (requests.length < WriterLoop.requestsMax) {
    const next = receiveMessageOnPort(port) as { readonly message: Request } | undefined;
    if (!next) break;
    requests.push(next.message);
  }
  loop.take(requests);
});
