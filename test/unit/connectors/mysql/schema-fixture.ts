import { DatabaseSchema, type StatementEffects } from '../../../../connectors/mysql/database-schema.ts';
import { TableModels } from '../../../../connectors/mysql/ddl/table-models.ts';
import { SchemaChangeRecords } from '../../../../connectors/mysql/schema-change-records.ts';
import type { SchemaChangeRules } from '../../../../connectors/mysql/schema-changes.ts';
import { SchemaHistory } from '../../../../connectors/mysql/schema-history.ts';
import type { GtidContainment } from '../../../../connectors/mysql/schema-history-order.ts';
import {
  type InternalRecord,
  type InternalTopics,
  type JsonObject,
  type LogRecord,
  Struct,
  schemas,
  structSchema,
} from '../../../../src/contract/index.ts';
import { noSignals } from '../../../support/no-internal-topics.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

export const sourceSchema = structSchema([
  ['db', schemas.string],
  ['table', schemas.optionalString],
]);

export const everything: SchemaChangeRules = {
  onlyCapturedTables: false,
  onlyCapturedDatabases: false,
  includesTable: () => true,
  includesDatabase: () => true,
};

export const source: JsonObject = { server: 'srv' };

/** A schema without server and log: what would be durable is kept here. */
export class SchemaFixture {
  readonly models: TableModels;
  readonly schema: DatabaseSchema;
  /** The history's topic. */
  readonly topic: InternalRecord[] = [];
  #position = 0;

  constructor({ rules = everything, includeComments = false, entriesMax = 1_000, server = 'mysql' as 'mysql' | 'mariadb' } = {}) {
    this.models = new TableModels({ server, includeComments, lowerCaseNames: false });
    const history = new SchemaHistory({ topic: 'history', source, entriesMax }, this.models, silentLogger);
    const settings = { connector: server, topic: 'srv', sourceSchema, schemaName: (name: string) => name, headers: [] };
    const records = new SchemaChangeRecords(settings);
    this.schema = new DatabaseSchema({ models: this.models, history, rules, records, quietUnreadable: false, logger: silentLogger });
  }

  get position(): JsonObject {
    return { file: 'bin.000001', pos: this.#position };
  }

  /** Applies a statement; what it leads to is durable. */
  apply(sql: string, database = 'db'): StatementEffects {
    this.#position += 100;
    const effects = this.schema.apply(sql, database, {
      source: (db, table) => new Struct(sourceSchema, [db, table]),
      position: this.position,
      nowMs: 1_700_000_000_000,
    });
    this.topic.push(...effects.internal, ...this.schema.history.checkpoint(this.position, 1_700_000_000_000));
    return effects;
  }
}

/** The topic as a start would read it. */
export function topicOf(records: readonly InternalRecord[], truncated: bigint[] = []): InternalTopics {
  return {
    async truncate(_, before) {
      truncated.push(before);
    },
    async *read(topic) {
      const found = records.filter(record => record.topic === topic);
      if (found.length > 0) yield found.map(logRecord);
    },
    signals: () => noSignals,
    servers: null,
  };
}

function logRecord({ topic, key, value }: InternalRecord, index: number): LogRecord {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  return { topic, partition: 0, offset: BigInt(index), timestampMs: 0, key: bytes(key), value: bytes(value), headers: [] };
}

/** GTID sets as texts of single letters. */
export const contains: GtidContainment = (outer, inner) => [...inner].every(letter => outer.includes(letter));
