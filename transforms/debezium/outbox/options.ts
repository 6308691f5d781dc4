import { type ConfigSpec, configSpec, options } from '../../../src/contract/index.ts';
import { type AdjustmentMode, adjustmentModes } from '../name-adjustment.ts';
import { requireRegex, type TopicRewriting, topicRewriting } from '../regex-option.ts';
import type { NullBehavior } from './json-schema-inference.ts';

const placements = ['header', 'envelope', 'partition'] as const;

/** A column of the outbox that goes somewhere beside the payload. */
export type AdditionalField = { readonly field: string; readonly placement: (typeof placements)[number]; readonly alias: string };

/** The resolved config of EventRouter. */
export type OutboxConfig = {
  readonly idField: string;
  readonly keyField: string;
  readonly payloadField: string;
  /** null: the event's own ts_ms. */
  readonly timestampField: string | null;
  readonly schemaVersionField: string | null;
  readonly additional: readonly AdditionalField[];
  readonly skipsMissing: boolean;
  readonly expandsJson: boolean;
  readonly jsonNulls: NullBehavior;
  readonly fieldNames: AdjustmentMode;
  readonly routeByField: string;
  readonly route: TopicRewriting;
  readonly tombstones: boolean;
  readonly onUpdate: 'warn' | 'error' | 'fatal';
};

const table = { group: 'Table' } as const;
const router = { group: 'Router' } as const;
const tracing = {
  group: 'Tracing',
  default: null,
  importance: 'LOW',
  unsupported: 'there is no tracing here; leave it out',
} as const;

const outboxOptions = {
  'table.field.event.id': options.string({
    ...table,
    default: 'id',
    importance: 'LOW',
    displayName: 'Event ID Field',
    doc: 'The column with the event’s id; it becomes the header id.',
  }),
  'table.field.event.key': options.string({
    ...table,
    default: 'aggregateid',
    importance: 'LOW',
    displayName: 'Event Key Field',
    doc: 'The column that becomes the key.',
  }),
  'table.field.event.type': options.string({
    ...table,
    default: 'type',
    importance: 'LOW',
    displayName: 'Event Type Field',
    doc: 'The column with the event’s type. It has no effect by itself (in Debezium neither): place it with table.fields.additional.placement.',
  }),
  'table.field.event.payload': options.string({
    ...table,
    default: 'payload',
    importance: 'LOW',
    displayName: 'Event Payload Field',
    doc: 'The column that becomes the value.',
  }),
  'table.field.event.timestamp': options.string({
    ...table,
    default: null,
    displayName: 'Event Timestamp Field',
    doc: 'A timestamp column that becomes the record’s timestamp; unset or null, it is the time at which the change was read.',
  }),
  'table.fields.additional.placement': options.list({
    ...table,
    default: '',
    importance: 'HIGH',
    displayName: 'Settings for each additional column in the outbox table',
    doc:
      'Further columns as column:place or column:place:alias. Places: header; envelope (the value is then a struct with the payload and ' +
      'these columns); partition (an int column that chooses the partition).',
  }),
  'table.field.additional.missing': options.choice(['error', 'ignore'], {
    ...table,
    default: 'error',
    displayName: 'Behavior when an additional field is missing in the change data',
    doc: 'What happens where the table lacks a column of table.fields.additional.placement: error fails the record, ignore leaves it out.',
  }),
  'table.field.event.schema.version': options.string({
    ...table,
    default: null,
    importance: 'LOW',
    displayName: 'Event Schema Version Field',
    doc: 'An int column with the version of the value’s schema, for values with columns placed in the envelope.',
  }),
  'table.op.invalid.behavior': options.choice(['warn', 'error', 'fatal'], {
    ...table,
    default: 'warn',
    displayName: 'Behavior when capturing an unexpected outbox event',
    doc: 'What happens on an update of the outbox table: warn and error skip it and say so at that level, fatal fails the record.',
  }),
  'table.expand.json.payload': options.boolean({
    ...table,
    default: 'false',
    displayName: 'Expand Payload escaped string as real JSON',
    doc:
      'Whether a payload that is the text of a JSON object becomes a struct, its schema inferred. Other payloads stay as they are, with a ' +
      'warning.',
  }),
  'table.json.payload.null.behavior': options.choice(['ignore', 'optional_bytes'], {
    ...table,
    default: 'ignore',
    displayName: 'Behavior when json payload including null value',
    doc: 'Null members of an expanded payload: ignore leaves them out, optional_bytes keeps them as null fields of type bytes.',
  }),
  'field.name.adjustment.mode': options.choice(adjustmentModes, {
    ...table,
    default: 'none',
    importance: 'LOW',
    displayName: 'Field Name Adjustment',
    doc: 'How names of members of an expanded payload are adjusted. A member whose name changes has a null value (in Debezium too).',
  }),
  'route.by.field': options.string({
    ...router,
    default: 'aggregatetype',
    importance: 'HIGH',
    displayName: 'Field to route events by',
    doc: 'The text column that chooses the topic, by route.topic.regex and route.topic.replacement.',
  }),
  'route.topic.regex': options.string({
    ...router,
    default: '(?<routedByValue>.*)',
    importance: 'LOW',
    displayName: 'The name of the routed topic',
    doc: 'A Java regular expression over that column’s value. Where it does not match, the value itself is the topic.',
    validate: requireRegex,
  }),
  'route.topic.replacement': options.string({
    ...router,
    default: `outbox.event.\${routedByValue}`,
    importance: 'HIGH',
    displayName: 'The name of the routed topic',
    doc: 'The topic, with the groups of route.topic.regex.',
  }),
  'route.tombstone.on.empty.payload': options.boolean({
    ...router,
    default: 'false',
    importance: 'HIGH',
    displayName: 'Empty payloads cause a tombstone message',
    doc: 'Whether a null or blank payload becomes a tombstone.',
  }),
  'tracing.span.context.field': options.string({
    ...tracing,
    displayName: 'Serialized tracing span context field',
    doc: 'The column with a span’s context.',
  }),
  'tracing.operation.name': options.string({ ...tracing, displayName: 'Tracing operation name', doc: 'The name of the operation’s span.' }),
  'tracing.with.context.field.only': options.boolean({
    ...tracing,
    displayName: 'Trace only events with context field present',
    doc: 'Whether only events with a context are traced.',
  }),
};

/** Reads one item of `table.fields.additional.placement`. Throws an Error for another form. */
function additionalField(item: string): AdditionalField {
  const [field = '', place = '', alias, ...rest] = item.split(':').map(part => part.trim());
  const placement = placements.find(known => known === place.toLowerCase());
  if (field === '' || placement === undefined || alias === '' || rest.length > 0)
    throw new Error(`'${item}' is not of the form column:place or column:place:alias, with a place of ${placements.join(', ')}`);
  return { field, placement, alias: alias ?? field };
}

/** The options of EventRouter. */
export const outboxSpec: ConfigSpec<OutboxConfig> = configSpec({
  doc: 'The outbox pattern: an insert into an outbox table becomes the event it holds, on the topic it names. Deletes from the table are dropped.',
  options: outboxOptions,
  refine(config, _raw, report): OutboxConfig {
    const attempt = <T>(option: string, make: () => T, otherwise: T): T => {
      try {
        return make();
      } catch (error) {
        report.fault(option, (error as Error).message);
        return otherwise;
      }
    };
    const route: TopicRewriting = () => null;
    return {
      idField: config['table.field.event.id'],
      keyField: config['table.field.event.key'],
      payloadField: config['table.field.event.payload'],
      timestampField: config['table.field.event.timestamp'],
      schemaVersionField: config['table.field.event.schema.version'],
      additional: config['table.fields.additional.placement'].flatMap(item =>
        attempt<AdditionalField[]>('table.fields.additional.placement', () => [additionalField(item)], []),
      ),
      skipsMissing: config['table.field.additional.missing'] === 'ignore',
      expandsJson: config['table.expand.json.payload'],
      jsonNulls: config['table.json.payload.null.behavior'],
      fieldNames: config['field.name.adjustment.mode'],
      routeByField: config['route.by.field'],
      route: attempt(
        'route.topic.replacement',
        () => topicRewriting(config['route.topic.regex'], config['route.topic.replacement']),
        route,
      ),
      tombstones: config['route.tombstone.on.empty.payload'],
      onUpdate: config['table.op.invalid.behavior'],
    };
  },
});
