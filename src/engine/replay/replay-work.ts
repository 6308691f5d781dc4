import { type Sink, SluiceError, type TopicPartition } from '../../contract/index.ts';
import type { BesideServices } from '../sink/beside-services.ts';
import { SinkConversion } from '../sink/sink-conversion.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { ConversionPlan } from '../sink/sink-task-plan.ts';
import type { LatestKeys, LatestRecord } from './latest-keys.ts';
import type { StoredReplay } from './replay-state.ts';
import { consumedTopics } from './replay-topics.ts';
import type { Scanning } from './scan-latest.ts';
import { WantedKeys } from './wanted-keys.ts';

/** What a replay is of. */
export type ReplayWork = {
  readonly connector: string;
  readonly plan: SinkPlan;
  readonly replay: Pick<StoredReplay, 'request' | 'ranges' | 'checkpoint'>;
  readonly services: BesideServices;
  /** The era under which the live tasks have a partition; null where none has it just now. */
  eraOf(partition: TopicPartition): number | null;
};

/** A sink and converters beside those of the tasks. */
export type MadeBeside = { readonly sink: Sink; readonly conversion: ConversionPlan };

/** How the log is looked through for a replay: the topics as they are now. Throws CONFLICT where the sink does not consume one any more. */
export async function scanningOf({ connector, plan, replay, services }: ReplayWork, { conversion }: MadeBeside): Promise<Scanning> {
  const names = new Set(replay.ranges.map(({ topic }) => topic));
  const topics = (await consumedTopics(services.log, plan.topics)).filter(({ topic }) => names.has(topic));
  const gone = [...names].find(name => !topics.some(({ topic }) => topic === name));
  if (gone !== undefined)
    throw new SluiceError('CONFLICT', `The sink ${connector} does not consume ${gone} any more, which was to be replayed.`, {
      remedy: 'Ask for the replay again, of the topics that it consumes.',
    });
  return {
    log: services.log,
    ranges: replay.ranges,
    topics,
    wanted: wantedKeys({ plan, replay, services }),
    conversion: new SinkConversion(conversion),
    mayDrop: conversion.transform !== null,
  };
}

export function wantedKeys({ plan, replay, services }: Pick<ReplayWork, 'plan' | 'replay' | 'services'>): WantedKeys {
  return new WantedKeys(replay.request.keys, plan.keyConverter(services.context));
}

/** Records and their bytes. */
export type Amount = { readonly records: number; readonly bytes: number };

/** What a part of the keys has to send, of the records that count. */
export function amountOf(keys: LatestKeys, counts: (latest: LatestRecord) => boolean = () => true): Amount {
  let [records, bytes] = [0, 0];
  for (const latest of keys.records()) {
    if (!counts(latest)) continue;
    records += latest.deletion === null ? 1 : 2;
    bytes += latest.bytes + (latest.deletion?.bytes ?? 0);
  }
  return { records, bytes };
}

export function sum(one: Amount, other: Amount): Amount {
  return { records: one.records + other.records, bytes: one.bytes + other.bytes };
}
