import { type ConnectRecord, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import type { NameAdjuster } from './name-adjustment.ts';

/**
 * Records that say a connector is alive and carry its position on while the captured tables are still (`heartbeat.interval.ms`). It
 * keeps the time, its user the timer: ask `due` now and then.
 */
export class Heartbeat {
  readonly #topic: string;
  readonly #intervalMs: number;
  readonly #make: (nowMs: number) => ConnectRecord;
  #lastMs: number;

  /** `serverName` is `topic.prefix`. An interval of 0 switches heartbeats off. The first is due one interval after `nowMs`. */
  constructor(topic: string, serverName: string, intervalMs: number, schemaName: NameAdjuster, nowMs: number) {
    this.#topic = topic;
    this.#intervalMs = intervalMs;
    this.#lastMs = nowMs;
    const keySchema = structSchema([['serverName', schemas.string]], {
      name: schemaName('io.debezium.connector.common.ServerNameKey'),
      version: 1,
    });
    const valueSchema = structSchema([['ts_ms', schemas.int64]], {
      name: schemaName('io.debezium.connector.common.Heartbeat'),
      version: 1,
    });
    const key = new Struct(keySchema, [serverName]);
    this.#make = at => ({
      topic: this.#topic,
      partition: 0,
      timestamp: null,
      keySchema,
      key,
      valueSchema,
      value: new Struct(valueSchema, [BigInt(at)]),
      headers: [],
    });
  }

  get enabled(): boolean {
    return this.#intervalMs > 0;
  }

  /** The heartbeat that is due now, and counts as sent with that; null before the interval has passed. */
  due(nowMs: number): ConnectRecord | null {
    if (!this.enabled || nowMs - this.#lastMs < this.#intervalMs) return null;
    this.#lastMs = nowMs;
    return this.#make(nowMs);
  }

  /** Milliseconds until the next one is due; Infinity where they are switched off. */
  waitMs(nowMs: number): number {
    return this.enabled ? Math.max(0, this.#lastMs + this.#intervalMs - nowMs) : Number.POSITIVE_INFINITY;
  }
}
