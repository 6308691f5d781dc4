import type { EventContext } from '../../../../connectors/debezium/captured-table.ts';
import { compileTable } from '../../../../connectors/debezium/captured-table.ts';
import { instantOf } from '../../../../connectors/debezium/envelope.ts';
import type { ColumnDefinition, TableDefinition } from '../../../../connectors/debezium/table.ts';
import { postgresSpec } from '../../../../connectors/postgres/options.ts';
import { recordMakers } from '../../../../connectors/postgres/record-makers.ts';
import { type ConnectRecord, type Schema, schemas, type Value } from '../../../../src/contract/index.ts';
import { JsonConverter } from '../../../../src/converters/json/json-converter.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

const connection = { 'database.hostname': 'db', 'database.user': 'u', 'database.dbname': 'd', 'topic.prefix': 'srv' };

/** The config that these options make, beside a connection. */
export function configOf(options: Readonly<Record<string, string>> = {}) {
  const { config, faults } = postgresSpec.parse({ ...connection, ...options });
  if (config === null) throw new Error(faults.map(({ message }) => message).join('\n'));
  return config;
}

/** A task with these options: its record makers, a context for events, and tables compiled for it. */
export function taskOf(options: Readonly<Record<string, string>> = {}) {
  const config = configOf(options);
  const makers = recordMakers(config, {
    task: 0,
    clock: { nowMs: () => 1_700_000_000_000, nowNs: () => 1_700_000_000_000_000_000n },
    logger: silentLogger,
  });
  const { sourceInfo, metadata } = makers;
  sourceInfo.enter({ timestampUs: 1_600_000_000_123_456n, txId: 700n, lastCommitLsn: null, xmin: null, origin: null, originLsn: null });
  const context: EventContext = {
    source: sourceInfo.make(null, 100n),
    at: instantOf(1_700_000_000_123_456_789n),
    transaction: metadata,
  };
  return { config, makers, context, compile: (definition: TableDefinition) => compileTable(definition, makers.recordOptions) };
}

/** A column; its type's name is made from the schema where it is not given. */
export function column(name: string, schema: Schema, rest: Partial<Omit<ColumnDefinition, 'name' | 'schema'>> = {}): ColumnDefinition {
  return { name, schema, typeName: schema.type === 'string' ? 'text' : 'int4', length: -1, scale: -1, ...rest };
}

/** A table in the schema `public`, unless its name says otherwise. */
export function table(name: string, columns: readonly ColumnDefinition[], primaryKey: readonly string[] = []): TableDefinition {
  const [schema, rest] = name.includes('.') ? (name.split('.') as [string, string]) : ['public', name];
  return { id: { catalog: 'd', schema, table: rest }, columns, primaryKey };
}

/** `create table t(id int primary key, a text)`. */
export const simpleTable = table('t', [column('id', schemas.int32), column('a', schemas.optionalString)], ['id']);

/** Records as the recorder of the corpus writes them: keys and values as JsonConverter has them, headers as texts. */
export function recorded(records: readonly ConnectRecord[], schemasEnable: boolean): string[] {
  const settings = { decimalFormat: 'base64', replaceNullWithDefault: true, schemasCacheSize: 1000 } as const;
  const converter = new JsonConverter({ ...settings, schemasEnable });
  const plain = new JsonConverter({ ...settings, schemasEnable: false });
  const text = (json: JsonConverter, schema: Schema | null, value: Value) => {
    const bytes = json.serialize('', schema, value);
    return bytes === null ? 'null' : Buffer.from(bytes).toString('utf8');
  };
  return records.map(({ topic, keySchema, key, valueSchema, value, headers }) => {
    const shownHeaders = Object.fromEntries(
      headers.map(header => [header.key, typeof header.value === 'string' ? header.value : text(plain, header.schema, header.value)]),
    );
    return `{"topic":${JSON.stringify(topic)},"partition":0,"key":${text(converter, keySchema, key)},"value":${text(converter, valueSchema, value)},"headers":${JSON.stringify(shownHeaders)}}`;
  });
}
