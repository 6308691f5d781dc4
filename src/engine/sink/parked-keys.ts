import { type EventLog, type LogRecord, type PartitionOffset, SluiceError } from '../../contract/index.ts';
import { readDeadLetter } from './dead-letter.ts';
import { keyOf } from './sink-batch.ts';

/** The most keys that may be parked of one connector: they are held in memory, by each of its tasks. */
const keysMax = 100_000;

/** Keys that have a record among the dead letters that are not dealt with: with `later.records=park` later records of theirs go there too. */
export class ParkedKeys {
  #keys = new Set<string>();

  has(record: LogRecord): boolean {
    if (this.#keys.size === 0) return false;
    const key = keyOf(record);
    return key !== null && this.#keys.has(key);
  }

  /** Throws SluiceError TARGET_REFUSED where there are too many. */
  add(record: LogRecord): void {
    const key = keyOf(record);
    if (key === null) return;
    this.#keys.add(key);
    if (this.#keys.size > keysMax)
      throw new SluiceError(
        'TARGET_REFUSED',
        `More than ${keysMax} keys have records among the dead letters: something is wrong with all of them.`,
        {
          remedy:
            'Correct what the dead letters’ messages say (sluice dead-letters NAME), redeliver or discard them, then restart the task.',
        },
      );
  }

  /** Learns them anew from the connector's letters that are not dealt with. */
  async load(log: EventLog, topic: string, connector: string, from: readonly PartitionOffset[], abort: AbortSignal): Promise<void> {
    this.#keys = new Set();
    for await (const { record } of deadLetters(log, topic, connector, from, abort)) this.add(record);
  }
}

/** The connector's dead letters from these places on, up to what is there now; those without context are left out. */
export async function* deadLetters(log: EventLog, topic: string, connector: string, from: readonly PartitionOffset[], abort: AbortSignal) {
  if ((await log.describeTopics([topic])).length === 0) return;
  const begin = new Map(from.map(({ partition, offset }) => [partition, offset]));
  for await (const batch of log.read({ topics: [topic], from: 'start', follow: false }, abort)) {
    for (const record of batch) {
      if (record.offset < (begin.get(record.partition) ?? 0n)) continue;
      const letter = readDeadLetter(record);
      if (letter !== null && letter.connector === connector) yield letter;
    }
  }
}
