import {
  type ConfigSpec,
  type ConnectRecord,
  configSpec,
  options,
  type Plugin,
  type Schema,
  SluiceError,
  Struct,
  schemas,
  type Transform,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, transformFailed } from './envelope.ts';
import { adjustmentModes, type NameAdjuster, nameAdjuster } from './name-adjustment.ts';
import { remembering, requireRegex, type TopicRewriting, topicRewriting } from './regex-option.ts';
import { type NamedSchema, namedFields, structWith } from './schema-copy.ts';

type RouterConfig = {
  readonly newTopic: TopicRewriting;
  readonly adjust: NameAdjuster;
  /** What is added to keys to tell the tables apart; null: nothing. */
  readonly identifier: { readonly field: string; readonly of: (topic: string) => string } | null;
};

const routerOptions = {
  'topic.regex': options.string({
    importance: 'HIGH',
    displayName: 'Topic regex',
    doc: 'A Java regular expression; topics that it matches as a whole get a new name.',
    validate: requireRegex,
  }),
  'topic.replacement': options.string({
    importance: 'HIGH',
    displayName: 'Topic replacement',
    doc: `The name of the logical topic, with $1 or \${name} for the groups of topic.regex.`,
  }),
  'key.enforce.uniqueness': options.boolean({
    default: 'true',
    importance: 'LOW',
    displayName: 'Add source topic name into key',
    doc: 'Whether keys get a field that tells which table a record is of. Set false only where keys are unique across the tables.',
  }),
  'key.field.name': options.string({
    default: '__dbz__physicalTableIdentifier',
    importance: 'LOW',
    displayName: 'Key field name',
    doc: 'The name of the field that key.enforce.uniqueness adds.',
  }),
  'key.field.regex': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Key field regex',
    doc: 'A Java regular expression that picks the value of that field out of the old topic. Unset: the old topic as a whole.',
    validate: requireRegex,
  }),
  'key.field.replacement': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Key field replacement',
    doc: 'The value of that field, with the groups of key.field.regex. Needed where key.field.regex is set.',
  }),
  'schema.name.adjustment.mode': options.choice(adjustmentModes, {
    default: 'none',
    importance: 'LOW',
    displayName: 'Schema Name Adjustment',
    doc: 'How schema names made from the new topic are adjusted: none, avro (an underscore for what Avro does not take), avro_unicode.',
  }),
  'logical.table.cache.size': options.int({
    default: '16',
    min: 1,
    importance: 'LOW',
    displayName: 'Logical table cache size',
    doc: 'For how many topics the results of the two expressions are kept.',
  }),
};

const routerSpec: ConfigSpec<RouterConfig> = configSpec({
  doc: 'Leads the records of several tables (shards, partitions) into one topic, and keeps their keys apart.',
  options: routerOptions,
  refine(config, _raw, report): RouterConfig {
    const size = config['logical.table.cache.size'];
    const rewriting = (option: string, regex: string, replacement: string): TopicRewriting => {
      try {
        return remembering(topicRewriting(regex, replacement), size);
      } catch (error) {
        report.fault(option, (error as Error).message);
        return () => null;
      }
    };
    const keyRegex = config['key.field.regex']?.trim() ?? '';
    const keyReplacement = config['key.field.replacement']?.trim() ?? '';
    if (keyRegex !== '' && keyReplacement === '')
      report.fault('key.field.replacement', 'key.field.replacement must be non-empty if key.field.regex is set.');
    const identify = keyRegex === '' ? () => null : rewriting('key.field.replacement', keyRegex, config['key.field.replacement'] ?? '');
    return {
      newTopic: rewriting('topic.replacement', config['topic.regex'], config['topic.replacement']),
      adjust: nameAdjuster(config['schema.name.adjustment.mode'], 'schema'),
      identifier: config['key.enforce.uniqueness'] ? { field: config['key.field.name'], of: topic => identify(topic) ?? topic } : null,
    };
  },
});

/**
 * io.debezium.transforms.ByLogicalTableRouter: sends the records of several tables to one topic. Keys get a field that tells the tables
 * apart, and the schemas of key, row and envelope are named by the new topic.
 */
export const byLogicalTableRouter: Plugin<RouterConfig, Transform> = {
  spec: routerSpec,
  create(config, { logger }) {
    const keySchemas = new TopicSchemas((schema, topic) => keySchema(schema, topic, config));
    const envelopeSchemas = new TopicSchemas((schema, topic) => envelopeSchema(schema, topic, config.adjust));
    const route = <R extends ConnectRecord>(record: R): R => {
      const topic = config.newTopic(record.topic);
      if (topic === null) return record;
      if (topic === '') {
        logger.warn({ topic: record.topic }, 'topic.replacement makes an empty topic name; the record keeps its topic');
        return record;
      }
      if (record.key !== null && !(record.key instanceof Struct)) throw new Error('the key is no struct');
      const key = record.key && newKey(record.key, keySchemas.of(record.key.schema, topic), record.topic, config);
      const routed = { ...record, topic, keySchema: key?.schema ?? null, key };
      const envelope = envelopeOf(record);
      if (envelope === null) return routed;
      const value = newEnvelope(envelope, envelopeSchemas.of(envelope.schema, topic));
      return { ...routed, valueSchema: value.schema, value };
    };
    return record => {
      try {
        return route(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('ByLogicalTableRouter', record, (error as Error).message, error);
      }
    };
  },
};

/** New schemas by old schema and new topic. Topics that one schema goes to are as few as the expression makes of its tables' names. */
class TopicSchemas {
  readonly #make: (schema: Schema, topic: string) => Schema;
  readonly #known = new WeakMap<Schema, Map<string, Schema>>();

  constructor(make: (schema: Schema, topic: string) => Schema) {
    this.#make = make;
  }

  of(schema: Schema, topic: string): Schema {
    let byTopic = this.#known.get(schema);
    if (byTopic === undefined) {
      byTopic = new Map();
      this.#known.set(schema, byTopic);
    }
    let made = byTopic.get(topic);
    if (made === undefined) {
      made = this.#make(schema, topic);
      byTopic.set(topic, made);
    }
    return made;
  }
}

/** All but the name and the default, as ByLogicalTableRouter.copySchemaExcludingName has it. */
function renamed(schema: Schema, name: string, fields: readonly NamedSchema[]): Schema {
  return structWith(fields, { name, version: schema.version, doc: schema.doc, parameters: schema.parameters, optional: schema.optional });
}

function keySchema(schema: Schema, topic: string, { adjust, identifier }: RouterConfig): Schema {
  const fields = namedFields(schema.fields);
  if (identifier !== null) fields.push([identifier.field, schemas.string]);
  return renamed(schema, adjust(`${topic}.Key`), fields);
}

function newKey(key: Struct, schema: Schema, oldTopic: string, { identifier }: RouterConfig): Struct {
  return new Struct(schema, identifier === null ? key.values : [...key.values, identifier.of(oldTopic)]);
}

function envelopeSchema(schema: Schema, topic: string, adjust: NameAdjuster): Schema {
  const row = schema.field('before')?.schema;
  if (row === undefined) throw new Error('the envelope has no field before');
  const newRow = renamed(row, adjust(`${topic}.Value`), namedFields(row.fields));
  const fields = schema.fields.map(({ name, schema: old }) => [name, name === 'before' || name === 'after' ? newRow : old] as const);
  return renamed(schema, adjust(`${topic}.Envelope`), fields);
}

function newEnvelope(envelope: Struct, schema: Schema): Struct {
  const { before, after } = layoutOf(envelope.schema);
  const values = envelope.values.slice();
  for (const index of [before, after]) {
    const row = values[index];
    const rowSchema = schema.fields[index]?.schema;
    if (row instanceof Struct && rowSchema !== undefined) values[index] = new Struct(rowSchema, row.values);
  }
  return new Struct(schema, values);
}
