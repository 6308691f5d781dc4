import {
  type EventLog,
  type PartitionOffset,
  readChange,
  SluiceError,
  type TopicDescription,
  type TopicPartition,
} from '../../contract/index.ts';
import type { ConversionPlan } from '../sink/sink-task-plan.ts';
import { partitionText, readRanges } from './read-ranges.ts';
import type { ReplayPlace } from './replay-place.ts';
import { fromAfterTo } from './replay-request.ts';
import { atOrBehind } from './source-position.ts';

/** The part of one partition that is replayed. `era`: as in the versions of its records. */
export type ReplayRange = TopicPartition & { readonly start: bigint; readonly end: bigint; readonly era: number };

type Partition = TopicPartition & { readonly start: bigint; readonly end: bigint };

/**
 * What lies between two places in the log as it is now, by partition; without those of which nothing is meant. A position is looked for by reading
 * the topics. Throws SluiceError BAD_REQUEST for places that the topics do not have, and where `from` lies behind `to`.
 *
 * @param eraOf the era of a partition; null where the sink has not been assigned it
 */
export async function replayRanges(
  log: EventLog,
  topics: readonly TopicDescription[],
  { from, to }: { readonly from: ReplayPlace; readonly to: ReplayPlace },
  eraOf: (partition: TopicPartition) => number | null,
  { value }: Pick<ConversionPlan, 'value'>,
  abort: AbortSignal,
): Promise<readonly ReplayRange[]> {
  const all = topics.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, ...partition })));
  const begins = await places('from', from);
  const ends = await places('to', to);
  const chosen = from.kind === 'offsets' ? all.filter(partition => begins.has(partitionText(partition))) : all;
  if (to.kind === 'offsets') {
    const beside = to.offsets.find(place => !chosen.some(({ topic, partition }) => topic === place.topic && partition === place.partition));
    if (beside !== undefined) throw new SluiceError('BAD_REQUEST', `'to' ends ${partitionText(beside)}, which 'from' does not begin.`);
  }
  const ranges = chosen.map(partition => {
    const name = partitionText(partition);
    return { ...partition, start: begins.get(name) ?? partition.start, end: ends.get(name) ?? partition.end };
  });
  const isReversed = ({ start, end }: Partition) => start > end;
  const offsetsReversed = from.kind === 'offsets' && to.kind === 'offsets' && ranges.some(isReversed);
  if (offsetsReversed || (ranges.some(isReversed) && ranges.every(({ start, end }) => start >= end))) throw fromAfterTo();
  return ranges
    .filter(({ start, end }) => start < end)
    .map(range => {
      const era = eraOf(range);
      if (era === null)
        throw new SluiceError(
          'BAD_REQUEST',
          `The sink has not been given the partition ${partitionText(range)} yet: ask again in a moment.`,
        );
      return { topic: range.topic, partition: range.partition, start: range.start, end: range.end, era };
    });

  /** By partition; partitions that are left out have no such place. */
  async function places(name: 'from' | 'to', place: ReplayPlace): Promise<ReadonlyMap<string, bigint>> {
    const byPartition = (found: readonly PartitionOffset[]) => new Map(found.map(one => [partitionText(one), one.offset]));
    switch (place.kind) {
      case 'start':
        return byPartition(all.map(one => ({ ...one, offset: one.start })));
      case 'end':
        return byPartition(all.map(one => ({ ...one, offset: one.end })));
      case 'time': {
        const names = topics.map(({ topic }) => topic);
        return byPartition(names.length === 0 ? [] : await log.offsetsAt(names, place.timestampMs, abort));
      }
      case 'offsets':
        return byPartition(place.offsets.map(one => within(name, one)));
      case 'position':
        return byPartition(await search(place.position));
    }
  }

  /** What retention has deleted already is left out. */
  function within(name: string, place: PartitionOffset): PartitionOffset {
    const found = all.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
    if (found === undefined)
      throw new SluiceError('BAD_REQUEST', `'${name}' names ${partitionText(place)}, which is not among the sink's topics that are meant.`);
    if (place.offset > found.end)
      throw new SluiceError(
        'BAD_REQUEST',
        `'${name}' names offset ${place.offset} of ${partitionText(place)}, which ends at ${found.end}.`,
      );
    return { ...place, offset: place.offset < found.start ? found.start : place.offset };
  }

  /** By partition, the first record of a transaction at the position or behind it; the end where there is none. */
  async function search(position: string): Promise<readonly PartitionOffset[]> {
    const isReached = atOrBehind(position);
    const found: PartitionOffset[] = [];
    for (const partition of all) found.push({ ...partition, offset: (await searchIn(partition, isReached, position)) ?? partition.end });
    return found;
  }

  async function searchIn(partition: Partition, isReached: ReturnType<typeof atOrBehind>, position: string): Promise<bigint | null> {
    /** The transaction that is being read, and where it begins here. */
    let [id, begin] = ['', 0n];
    for await (const { records } of readRanges(log, [partition], abort)) {
      for (const record of records) {
        if (record.value === null) continue;
        const { schema: valueSchema, value: content } = value.deserialize(record.topic, record.value);
        const { source } = readChange({ ...record, timestamp: null, keySchema: null, key: null, valueSchema, value: content, headers: [] });
        const reached = source === null ? null : isReached(source);
        if (source === null || reached === null)
          throw new SluiceError(
            'BAD_REQUEST',
            `The records of ${record.topic} do not tell where they are against '${position}': give a time or offsets.`,
          );
        const own = String(source.fields.get('txId') ?? source.fields.get('gtid') ?? '');
        if (own === '' || own !== id) [id, begin] = [own, record.offset];
        // A transaction is sent whole.
        if (reached) return begin;
      }
    }
    return null;
  }
}
