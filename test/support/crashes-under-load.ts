import type { SourceOffset } from '../../src/contract/index.ts';
import type { SourceRun } from './source-run.ts';

const snapshotCrashes = 8;
const streamCrashes = 4;
/** As many at least while the stream is read, so that it has some of every kind. */
const streamedTransactionsMin = 400;

/** What a run with crashes is made of. */
export type CrashesUnderLoad = {
  random(below: number): number;
  /** The n-th transaction of the load. */
  transact(n: number): Promise<void>;
  /** The snapshot is complete. */
  isStreaming(offset: SourceOffset): boolean;
};

/** Ends the source at batches of the snapshot, then of the stream, and runs it again each time; meanwhile transactions go on. */
export async function crashUnderLoad<Config>(run: SourceRun<Config>, { random, transact, isStreaming }: CrashesUnderLoad): Promise<void> {
  let [busy, streaming] = [true, false];
  const load = (async () => {
    for (let n = 0, streamed = 0; busy || streamed < streamedTransactionsMin; n++) {
      await transact(n);
      if (streaming) streamed++;
    }
  })();
  for (let crash = 0; crash < snapshotCrashes + streamCrashes; crash++) {
    const inStream = crash >= snapshotCrashes;
    let batches = 1 + random(inStream ? 30 : 9);
    await run.run(batch => {
      streaming ||= batch.offsets.some(isStreaming);
      if (streaming || !inStream) batches--;
      return batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after';
    });
  }
  busy = false;
  await load;
}
