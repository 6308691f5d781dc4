import type { EventLog } from '../../../contract/index.ts';
import type { SagaInstance } from '../saga.ts';
import { type EndedInstance, SagaInstances } from './saga-instances.ts';

/** All that a saga's topic holds, as far as it is committed. */
export async function restoreInstances(log: EventLog, topic: string, abort: AbortSignal): Promise<SagaInstances> {
  const instances = new SagaInstances();
  for await (const records of log.read({ topics: [topic], from: 'start', follow: false }, abort))
    for (const record of records) instances.apply(record);
  abort.throwIfAborted();
  instances.floor = await instancesEnd(log, topic);
  return instances;
}

export async function instancesEnd(log: EventLog, topic: string): Promise<bigint> {
  const [described] = await log.describeTopics([topic]);
  return described?.partitions[0]?.end ?? 0n;
}

/** An instance that has ended, whole; null where it is not there any more. */
export async function loadEnded(
  log: EventLog,
  topic: string,
  { id, version, floor }: EndedInstance,
  abort: AbortSignal,
): Promise<SagaInstance | null> {
  for await (const records of log.read({ topics: [topic], from: { offset: floor }, follow: false }, abort))
    for (const { key, value } of records) {
      if (key === null || value === null || Buffer.from(key).toString('utf8') !== id) continue;
      const instance = JSON.parse(Buffer.from(value).toString('utf8')) as SagaInstance;
      if (instance.version === version) return instance;
    }
  return null;
}
