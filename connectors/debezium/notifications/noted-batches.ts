import type { SourceBatch } from '../../../src/contract/index.ts';
import type { Notifications } from './notifications.ts';

/** The batches, each with the notifications that came up while it was read. */
export async function* notedBatches(batches: AsyncIterable<SourceBatch>, notifications: Notifications): AsyncGenerator<SourceBatch> {
  for await (const batch of batches) {
    const records = notifications.take();
    yield records.length === 0 ? batch : { ...batch, records: [...batch.records, ...records] };
  }
}

/** The same of an initial snapshot, with notifications of its beginning and its end. */
export async function* notedSnapshot(
  batches: AsyncIterable<SourceBatch>,
  notifications: Notifications,
  abort: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const send = (type: 'STARTED' | 'COMPLETED' | 'ABORTED') =>
    notifications.send({ aggregate: 'Initial Snapshot', type, id: null, data: {} });
  send('STARTED');
  try {
    yield* notedBatches(batches, notifications);
  } catch (error) {
    send('ABORTED');
    throw error;
  }
  send(abort.aborted ? 'ABORTED' : 'COMPLETED');
  const records = notifications.take();
  if (records.length > 0) yield { records, bytes: 0, offsets: [], committedAtMs: null };
}
