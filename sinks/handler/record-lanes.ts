import type { SinkRecord } from '../../src/contract/index.ts';
import { plainValue } from './plain-value.ts';

/** The records of each key, in their order (invariant 7); those without a key are one lane a partition. */
export function lanesOf(records: readonly SinkRecord[]): readonly (readonly SinkRecord[])[] {
  const lanes = new Map<string, SinkRecord[]>();
  for (const record of records) {
    const { topic, partition } = record.place;
    const name = `${topic} ${partition} ${record.key === null ? '' : keyText(record)}`;
    const others = lanes.get(name);
    if (others) others.push(record);
    else lanes.set(name, [record]);
  }
  return [...lanes.values()];
}

function keyText({ key, keySchema }: SinkRecord): string {
  return JSON.stringify(plainValue(key, keySchema), (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  });
}
