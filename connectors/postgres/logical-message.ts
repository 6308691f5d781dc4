import { type ConnectRecord, type Schema, Struct, schemas, structSchema, type Value } from '../../src/contract/index.ts';
import type { EventContext } from '../debezium/captured-table.ts';
import { transactionBlockSchema } from '../debezium/envelope.ts';
import type { NameAdjuster } from '../debezium/name-adjustment.ts';
import { sourceSchema } from './source-info.ts';

/** How bytes are shown (`binary.handling.mode`). */
export type BinaryMode = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';

/** Under which name messages stand in the transaction metadata. */
const collection = 'LOGICAL_DECODING_MESSAGE';

function shown(content: Uint8Array, mode: BinaryMode): Value {
  // A copy: the record outlives the buffer that the message was read from.
  const bytes = Buffer.from(content);
  if (mode === 'bytes') return bytes;
  if (mode === 'hex') return bytes.toString('hex');
  const text = bytes.toString('base64');
  return mode === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_');
}

/** Makes records of logical decoding messages (`pg_logical_emit_message`), on `PREFIX.message`. */
export class LogicalMessages {
  readonly #topic: string;
  readonly #mode: BinaryMode;
  readonly #keySchema: Schema;
  readonly #blockSchema: Schema;
  readonly #valueSchema: Schema;

  constructor(topic: string, mode: BinaryMode, schemaName: NameAdjuster) {
    const name = (part: string) => schemaName(`io.debezium.connector.postgresql.${part}`);
    this.#topic = topic;
    this.#mode = mode;
    this.#keySchema = structSchema([['prefix', schemas.optionalString]], { name: name('MessageKey'), version: 1 });
    this.#blockSchema = structSchema(
      [
        ['prefix', schemas.optionalString],
        ['content', mode === 'bytes' ? schemas.optionalBytes : schemas.optionalString],
      ],
      { name: name('Message'), version: 1 },
    );
    this.#valueSchema = structSchema(
      [
        ['op', schemas.string],
        ['ts_ms', schemas.optionalInt64],
        ['source', sourceSchema],
        ['transaction', transactionBlockSchema],
        ['message', this.#blockSchema],
      ],
      { name: name('MessageValue'), version: 1 },
    );
  }

  /** `context.transaction` must be null for a message outside a transaction. */
  emit(out: ConnectRecord[], prefix: string, content: Uint8Array, { source, at, transaction }: EventContext): void {
    const block = transaction === null ? null : transaction.event(collection);
    const message = new Struct(this.#blockSchema, [prefix, shown(content, this.#mode)]);
    out.push({
      topic: this.#topic,
      partition: null,
      timestamp: null,
      keySchema: this.#keySchema,
      key: new Struct(this.#keySchema, [prefix]),
      valueSchema: this.#valueSchema,
      value: new Struct(this.#valueSchema, ['m', at.ms, source, block, message]),
      headers: [],
    });
  }
}
