import {
  type ConfigOf,
  configSpec,
  options,
  type Plugin,
  type Schema,
  SluiceError,
  Struct,
  type Transform,
} from '../../src/contract/index.ts';
import { operations, transformFailed } from './envelope.ts';
import { readJsonDocument } from './outbox/json-document.ts';
import { JsonSchemaInference } from './outbox/json-schema-inference.ts';
import { schemaText } from './outbox/schema-interning.ts';
import { type NamedSchema, structWith } from './schema-copy.ts';

const decodeOptions = {
  'fields.null.include': options.boolean({
    default: 'false',
    displayName: 'Defines whether to include fields with null values to the decoded structure',
    doc: 'Whether null members of the message become null fields of type bytes; otherwise they are left out.',
  }),
};

const messageSchemaName = 'io.debezium.connector.postgresql.MessageValue';
/** Value schemas kept, one for each shape of message. */
const schemasMax = 10_000;

/**
 * io.debezium.connector.postgresql.transforms.DecodeLogicalDecodingMessageContent: a logical decoding message (pg_logical_emit_message) whose
 * content is a JSON object becomes an insert event with that object as its row, so that EventRouter can take it. The key is dropped.
 */
export const decodeLogicalDecodingMessageContent: Plugin<ConfigOf<typeof decodeOptions>, Transform> = {
  spec: configSpec({
    doc: 'A message written by `pg_logical_emit_message`, whose content is a JSON object, becomes an insert event with that object as its row, so that EventRouter can take it. The key is dropped.',
    options: decodeOptions,
  }),
  create(config) {
    const decoder = new MessageDecoder(new JsonSchemaInference(config['fields.null.include'] ? 'optional_bytes' : 'ignore', name => name));
    return record => {
      if (!(record.value instanceof Struct) || record.valueSchema?.name !== messageSchemaName) return record;
      try {
        const value = decoder.decode(record.value);
        return { ...record, keySchema: null, key: null, valueSchema: value.schema, value };
      } catch (error) {
        if (error instanceof SluiceError) throw error;
        throw transformFailed('DecodeLogicalDecodingMessageContent', record, (error as Error).message, error);
      }
    };
  },
};

class MessageDecoder {
  readonly #inference: JsonSchemaInference;
  readonly #schemas = new Map<string, Schema>();

  constructor(inference: JsonSchemaInference) {
    this.#inference = inference;
  }

  decode(event: Struct): Struct {
    const message = event.get('message');
    const content = message instanceof Struct ? message.get('content') : undefined;
    if (!(content instanceof Uint8Array)) throw new Error('the content of the message is not binary');
    const row = this.#inference.read(null, readJsonDocument(Buffer.from(content).toString('utf8')));
    if (row === null) throw new Error('the content of the message is no JSON object');
    const kept = event.schema.fields.filter(({ name }) => name !== 'message');
    const values = kept.map(({ name, index, schema }) =>
      name === 'op' ? operations.create : (event.values[index] ?? schema.default ?? null),
    );
    return new Struct(this.#schemaFor(event.schema, row.schema), [...values, row]);
  }

  #schemaFor(event: Schema, row: Schema): Schema {
    const key = schemaText(row);
    let schema = this.#schemas.get(key);
    if (schema === undefined) {
      const fields: NamedSchema[] = event.fields.filter(({ name }) => name !== 'message').map(field => [field.name, field.schema]);
      schema = structWith([...fields, ['after', row]], { name: `${messageSchemaName}.Envelope` });
      if (this.#schemas.size >= schemasMax) this.#schemas.clear();
      this.#schemas.set(key, schema);
    }
    return schema;
  }
}
