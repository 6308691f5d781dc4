import { randomBytes } from 'node:crypto';
import { type Header, schemas } from '../../src/contract/index.ts';

/** A UUID of version 7: the time in milliseconds, then chance. */
export function uuidVersion7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Who a task is, for the headers of its records. */
export type TaskIdentity = {
  /** `topic.prefix`. */
  readonly logicalName: string;
  readonly task: number;
  /** Debezium's name of the connector's kind: `postgresql`, `mysql`, `mongodb`. */
  readonly connectorName: string;
  /** New at every start of the task. */
  readonly runId: string;
};

/**
 * The headers that every record of a table carries, tombstones included (`extended.headers.enabled`); those of transactions,
 * logical decoding messages and heartbeats carry none. One array a task, shared by its records.
 */
export function contextHeaders({ logicalName, task, connectorName, runId }: TaskIdentity): readonly Header[] {
  const header = (name: string, value: string): Header =>
    Object.freeze({ key: `__debezium.context.${name}`, schema: schemas.string, value });
  return Object.freeze([
    header('connectorLogicalName', logicalName),
    header('taskId', String(task)),
    header('connectorName', connectorName),
    header('runId', runId),
  ]);
}
