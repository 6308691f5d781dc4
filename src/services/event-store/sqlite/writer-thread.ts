import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { SluiceError } from '../../../contract/index.ts';
import type { FromThread, Request, ThreadOptions } from './protocol.ts';
import { storeError } from './sqlite-errors.ts';
import { errorMessage, WriterLoop } from './writer-loop.ts';

/** The writer's thread: takes requests as they come, and answers a transaction's together when they are durable. */
const port = parentPort;
if (!port) throw new SluiceError('INTERNAL', 'writer-thread.ts is a worker thread’s entry.');

/** Messages joined into one turn; each holds what the caller's thread gathered. */
const messagesMax = 100;

const tell = (message: FromThread) => port.postMessage(message);

function start(): WriterLoop | null {
  try {
    const loop = new WriterLoop(workerData as ThreadOptions, (replies, position) => tell({ kind: 'replies', replies, position }));
    tell({ kind: 'started', position: loop.position });
    return loop;
  } catch (thrown) {
    tell({ kind: 'refused', error: errorMessage(storeError('start', thrown)) });
    return null;
  }
}

const loop = start();
if (loop)
  port.on('message', (first: readonly Request[]) => {
    // Whatever else has arrived joins the same transaction (group commit).
    const requests = [...first];
    for (let messages = 1; messages < messagesMax; messages++) {
      const next = receiveMessageOnPort(port) as { readonly message: readonly Request[] } | undefined;
      if (!next) break;
      requests.push(...next.message);
    }
    if (loop.take(requests)) port.close();
  });
