import { type Change, nearest, type Row, type SinkRecord, type Value } from '../../src/contract/index.ts';
import { RecordFault } from './record-fault.ts';

/** How an index's name comes from a record. */
export type IndexNaming = {
  /** What the option says, for messages. */
  readonly text: string;
  /** With `*` in place of what comes from records' fields, for a topic. */
  pattern(topic: string): string;
  /** Whether the name is the same for all records of a topic. */
  readonly byTopicOnly: boolean;
  /** Whether it is the same for all rows of a table, and no other topic's. */
  readonly ofOneTable: boolean;
  /** The name for a record and the row it speaks of. Throws RecordFault where a field is missing or the name would not be valid. */
  nameOf(record: SinkRecord, change: Change, row: Row | null): string;
};

type Part = { readonly kind: 'text' | 'topic' | 'source' | 'key' | 'row'; readonly name: string };

/** Fields of the source blocks of Debezium's connectors that say where a row is from. */
const sourceFields = ['version', 'connector', 'name', 'snapshot', 'db', 'schema', 'table', 'collection', 'server_id', 'file'];

const bytesMax = 255;

/** What Elasticsearch does not take in an index's name. */
const forbidden = /[\\/*?"<>| ,#:]/;

/** A topic as part of an index's name, as Confluent's connector makes it. */
function topicText(topic: string): string {
  return topic.toLowerCase();
}

/** Reads a template. Throws an Error that says what is wrong with it, with the nearest name that is known. */
export function indexNaming(text: string): IndexNaming {
  const parts = parse(text);
  if (parts.length === 0) throw new Error('An index needs a name');
  const byTopic = new Map<string, string>();
  const byTopicOnly = parts.every(({ kind }) => kind === 'text' || kind === 'topic');
  const topicName = (topic: string, other: (part: Part) => string) =>
    parts.map(part => (part.kind === 'text' ? part.name : part.kind === 'topic' ? topicText(topic) : other(part))).join('');
  return {
    text,
    byTopicOnly,
    ofOneTable: parts.every(({ kind }) => kind !== 'key' && kind !== 'row') && parts.some(({ kind }) => kind === 'topic'),
    pattern: topic => trimmed(topicName(topic, () => '*')),
    nameOf(record, change, row) {
      const known = byTopicOnly ? byTopic.get(record.topic) : undefined;
      if (known !== undefined) return known;
      const name = valid(trimmed(topicName(record.topic, part => fieldText(part, change, row))), text);
      if (byTopicOnly) byTopic.set(record.topic, name);
      return name;
    },
  };
}

function parse(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: whole, 1: inner, index } of text.matchAll(/\$\{([^}]*)\}/g)) {
    if (index > at) parts.push(literal(text.slice(at, index)));
    parts.push(placeholder(whole, inner ?? ''));
    at = index + whole.length;
  }
  if (at < text.length) parts.push(literal(text.slice(at)));
  return parts;
}

function literal(text: string): Part {
  if (text.includes('${')) throw new Error(`A placeholder is not closed: ${text}`);
  const bad = forbidden.exec(text)?.[0];
  if (bad !== undefined) throw new Error(`An index's name may not hold '${bad}'`);
  return { kind: 'text', name: text.toLowerCase() };
}

function placeholder(whole: string, inner: string): Part {
  if (inner === 'topic') return { kind: 'topic', name: inner };
  const [, kind, name] = /^(source|key|row)\.(.+)$/.exec(inner) ?? [];
  if (kind === undefined || name === undefined) {
    const near = nearest(inner, ['topic', ...sourceFields.map(field => `source.${field}`)]);
    throw new Error(
      `There is no ${whole}: it is \${topic}, \${source.FIELD}, \${key.FIELD} or \${row.FIELD}${near ? `; did you mean \${${near}}?` : ''}`,
    );
  }
  if (kind === 'source' && !sourceFields.includes(name)) {
    const near = nearest(name, sourceFields);
    throw new Error(`The source block has no field '${name}' that could name an index${near ? `; did you mean \${source.${near}}?` : ''}`);
  }
  return { kind: kind as 'source' | 'key' | 'row', name };
}

function fieldText({ kind, name }: Part, change: Change, row: Row | null): string {
  const of = kind === 'source' ? change.source : kind === 'key' ? change.key : (row ?? change.key);
  const value = of?.fields.get(name);
  const where = kind === 'source' ? 'source block' : kind;
  if (value === undefined && of !== null) {
    const near = nearest(name, [...of.fields.keys()]);
    throw new RecordFault(
      `index.name takes the field '${name}', which its ${where} does not have${near ? `; did you mean '${near}'?` : ''}`,
    );
  }
  if (value === undefined || value === null)
    throw new RecordFault(`index.name takes the field '${name}', and its ${where} has no value there`);
  return plainText(name, value).toLowerCase();
}

function plainText(name: string, value: Value): string {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new RecordFault(`index.name takes the field '${name}', which is neither a text nor a number`);
}

/** Without what an index's name may not begin with. */
function trimmed(name: string): string {
  const short = name.replace(/^[-_+]+/, '');
  return short === '.' || short === '..' ? short.replaceAll('.', 'dot') : short;
}

function valid(name: string, template: string): string {
  if (name !== '' && !forbidden.test(name) && Buffer.byteLength(name) <= bytesMax) return name;
  throw new RecordFault(`index.name=${template} makes a name of its fields that Elasticsearch does not take`);
}
