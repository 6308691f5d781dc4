import { writeFile } from 'node:fs/promises';
import { ServerProcess } from '../../test/services/server-process.ts';
import { ConnectClient } from '../../test/support/connect-client.ts';
import { freePort } from '../../test/support/free-port.ts';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import { workerGroup } from '../../test/support/worker-group.ts';
import { EmbeddedView } from '../logs/embedded-view.ts';
import { KafkaView } from '../logs/kafka-view.ts';
import type { Worker } from './worker.ts';

/** Where Sluice writes. `exactlyOnce` is the worker's exactly.once.source.support; the embedded log has no other way. */
export type SluiceLog = { readonly kafka: string; readonly exactlyOnce: boolean } | null;

export type SluiceOptions = {
  /** The command `sluice` of a build. */
  readonly command: string;
  /** null: the embedded log. */
  readonly log: SluiceLog;
  /** Options of node: to profile, or to look inside. */
  readonly nodeOptions?: readonly string[];
  /** Worker settings beside those of the log; none when anything is compared. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** Starts Sluice as a user does, `sluice run -c worker.yaml`, with default settings. */
export async function startSluice({ command, log, nodeOptions = [], settings = {} }: SluiceOptions): Promise<Worker> {
  const resources = new AsyncDisposableStack();
  try {
    const scratch = resources.use(new ScratchFolder('bench-sluice'));
    const dataFolder = scratch.file('data');
    const url = `http://127.0.0.1:${await freePort()}`;
    const kafka = log && {
      'bootstrap.servers': log.kafka,
      ...workerGroup('bench'),
      'exactly.once.source.support': log.exactlyOnce ? 'enabled' : 'disabled',
    };
    await writeFile(
      scratch.file('worker.json'),
      JSON.stringify({ listeners: url, 'data.dir': dataFolder, ...kafka, ...settings }, null, 2),
    );
    const startedAtMs = performance.timeOrigin + performance.now();
    const server = await ServerProcess.start({
      name: 'sluice',
      command: process.execPath,
      args: [...nodeOptions, command, 'run', '-c', scratch.file('worker.json')],
      scratch: scratch.path,
      logFile: scratch.file('sluice.log'),
      ready: async () => (await fetch(`${url}/connectors`)).ok,
      readyEveryMs: 5,
      startMsMax: 30_000,
    });
    const restMs = performance.timeOrigin + performance.now() - startedAtMs;
    resources.use(server);
    const view = resources.use(log ? await KafkaView.open(log.kafka) : new EmbeddedView(dataFolder));
    return {
      pid: server.pid,
      logFile: scratch.file('sluice.log'),
      startedAtMs,
      restMs,
      rest: new ConnectClient(url),
      log: view,
      readFrom: log ? { kafka: log.kafka } : { dataFolder },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}
