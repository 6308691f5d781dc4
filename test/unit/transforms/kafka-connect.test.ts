import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type ConnectRecord, type Header, type RawConfig, type SchemaAndValue, schemas, type Value } from '../../../src/contract/index.ts';
import { jsonConverter } from '../../../src/converters/json/plugin.ts';
import { registry } from '../../../src/registry.ts';
import { make } from './records.ts';

/**
 * What the classes of connect-transforms 4.1.1 made of records: keys and values stand as JsonConverter with schemas writes them. Every
 * record goes in with the headers h1, h2, h1.
 */
type Case = {
  readonly given: {
    readonly class: string;
    readonly config: RawConfig;
    readonly topic: string;
    readonly partition: number | null;
    readonly timestamp: number | null;
    readonly key: unknown;
    readonly value: unknown;
  };
  readonly expected: {
    readonly record: { topic: string; key: unknown; value: unknown; headers: readonly { k: string; v: unknown }[] } | null;
  };
};

const converter = make(jsonConverter, { 'schemas.enable': 'true', 'replace.null.with.default': 'false' });

/** JSON with integers beyond 2^53 as texts, so that none of their digits is lost. */
function exactJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, details?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(details?.source ?? '') ? `#${details?.source}` : value,
  );
}

/** The JSON text of one member of a line, digits untouched. */
function member(line: string, name: string, next: string): string {
  const start = line.indexOf(`,"${name}":`) + name.length + 4;
  return line.slice(start, line.indexOf(next, start));
}

function read(text: string): SchemaAndValue {
  return text === 'null' ? { schema: null, value: null } : converter.deserialize('t', Buffer.from(text));
}

function written(schema: SchemaAndValue['schema'], value: Value): unknown {
  const bytes = converter.serialize('t', schema, value);
  return bytes === null ? null : exactJson(Buffer.from(bytes).toString());
}

const headers: readonly Header[] = [
  { key: 'h1', schema: schemas.string, value: 'v1' },
  { key: 'h2', schema: schemas.int32, value: 2 },
  { key: 'h1', schema: schemas.string, value: 'again' },
];

const lines = readFileSync(new URL('kafka-connect-4.1.1.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const classes = new Map<string, string[]>();
for (const line of lines) {
  const name = (JSON.parse(line) as Case).given.class;
  classes.set(name, [...(classes.get(name) ?? []), line]);
}

describe("Kafka Connect's own transforms give what Kafka Connect 4.1.1 gives", () => {
  for (const [name, cases] of classes)
    test(name.slice(name.lastIndexOf('.') + 1), async () => {
      for (const line of cases) {
        const { given } = JSON.parse(line) as Case;
        const { expected } = exactJson(line) as Case;
        const transform = make(await registry.load('transformation', name), given.config);
        const key = read(member(line, 'key', ',"value":'));
        const value = read(member(line, 'value', '},"expected":'));
        const input: ConnectRecord = {
          topic: given.topic,
          partition: given.partition,
          timestamp: given.timestamp,
          keySchema: key.schema,
          key: key.value,
          valueSchema: value.schema,
          value: value.value,
          headers,
        };
        const output = transform(input);
        const actual = output && {
          topic: output.topic,
          key: written(output.keySchema, output.key),
          value: written(output.valueSchema, output.value),
          headers: output.headers.map(header => ({ k: header.key, v: written(header.schema, header.value) })),
        };
        assert.deepEqual(actual, expected.record, line);
        assert.equal(transform(input)?.valueSchema, output?.valueSchema, 'one schema object for all records of a table');
      }
    });

  test('every class is there', () => {
    const known = registry
      .list()
      .filter(({ type, class: name }) => type === 'transformation' && name.startsWith('org.apache.kafka'))
      .map(listing => listing.class);
    assert.deepEqual([...classes.keys()].sort(), known.sort());
    assert.equal(known.length, 26);
  });
});
