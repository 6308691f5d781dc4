import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Struct, schemaOf, schemas, structSchema } from '../../../src/contract/index.ts';
import { dropHeaders } from '../../../transforms/drop-headers.ts';
import { extractField } from '../../../transforms/extract-field.ts';
import { headerFrom } from '../../../transforms/header-from.ts';
import { hoistField } from '../../../transforms/hoist-field.ts';
import { insertField } from '../../../transforms/insert-field.ts';
import { insertHeader } from '../../../transforms/insert-header.ts';
import { maskField } from '../../../transforms/mask-field.ts';
import { hasHeaderKey } from '../../../transforms/predicates/has-header-key.ts';
import { recordIsTombstone } from '../../../transforms/predicates/record-is-tombstone.ts';
import { topicNameMatches } from '../../../transforms/predicates/topic-name-matches.ts';
import { stepsOf } from '../../../transforms/records/field-path.ts';
import { regexRouter } from '../../../transforms/regex-router.ts';
import { replaceField } from '../../../transforms/replace-field.ts';
import { setSchemaMetadata } from '../../../transforms/set-schema-metadata.ts';
import { timestampConverter } from '../../../transforms/timestamp-converter.ts';
import { timestampRouter } from '../../../transforms/timestamp-router.ts';
import { valueToKey } from '../../../transforms/value-to-key.ts';
import { faultsOf, make, record, transformError, valued } from './records.ts';

const row = structSchema([
  ['id', schemas.int32],
  ['name', schemaOf('string', { optional: true, default: 'none' })],
]);
const ann = valued(row, new Struct(row, [1, 'Ann']));

describe('What the options of a transform may be', () => {
  const faulty: readonly (readonly [Parameters<typeof faultsOf>[0], Record<string, string>, RegExp])[] = [
    [regexRouter, { regex: '(', replacement: 'x' }, /^regex: Invalid value \( for configuration regex: Invalid regex: Unclosed group/],
    [regexRouter, { regex: '(.*)', replacement: '$2' }, /^replacement: .*No group 2 in '\(\.\*\)'/],
    [timestampRouter, { 'timestamp.format': 'yyyy-nn' }, /^timestamp.format: .*Illegal pattern character 'n'/],
    [
      timestampConverter.value,
      { 'target.type': 'date' },
      /String must be one of: string, unix, Date, Time, Timestamp; did you mean 'Date'\?/,
    ],
    [timestampConverter.value, { 'target.type': 'string' }, /^format: TimestampConverter requires format option/],
    [timestampConverter.value, { 'target.type': 'unix', format: 'YYYY-ww' }, /^format: .*cannot be parsed by 'Y'/],
    [headerFrom.value, { fields: 'a,b', headers: 'x', operation: 'copy' }, /^headers: .*same number of elements/],
    [headerFrom.value, { fields: '', headers: 'x', operation: 'copy' }, /^fields: .*Empty list/],
    [headerFrom.value, { fields: 'a', headers: 'x', operation: 'Copy' }, /String must be one of: move, copy/],
    [insertField.value, {}, /No field insertion configured/],
    [insertField.value, { 'static.field': 's' }, /^static.value: No value specified for static field: s/],
    [setSchemaMetadata.value, {}, /Neither schema name nor version configured/],
    [replaceField.value, { renames: 'a' }, /Invalid rename mapping: a/],
    [maskField.value, { fields: 'a', replacement: '' }, /String must be non-empty/],
    [extractField.value, { field: '`a.b', 'field.syntax.version': 'V2' }, /Incomplete backtick pair in path: \[`a\.b\]/],
    [hasHeaderKey, { name: '' }, /String must be non-empty/],
    [topicNameMatches, { pattern: '' }, /String must be non-empty/],
    [topicNameMatches, { pattern: '[' }, /Invalid regex: /],
    [valueToKey, {}, /Missing required configuration "fields"/],
  ];
  for (const [plugin, raw, message] of faulty)
    test(`${JSON.stringify(raw)} is refused: ${message.source}`, () => {
      const faults = faultsOf(plugin, raw);
      assert.ok(
        faults.some(fault => message.test(fault)),
        faults.join('\n') || 'no fault',
      );
    });

  test('the names that ReplaceField had before Kafka 2.6 still work', () => {
    const output = make(replaceField.value, { blacklist: 'name' })(ann)?.value;
    assert.deepEqual(output instanceof Struct && output.schema.fields.map(({ name }) => name), ['id']);
  });

  test('paths of syntax V2 take names apart as Connect does', () => {
    for (const [path, steps] of [
      ['a.b', ['a', 'b']],
      ['`a.b`.c', ['a.b', 'c']],
      ['a.`b.c`', ['a', 'b.c']],
      ['`a\\`.b`.c', ['a`.b', 'c']],
      ['`a`b`', ['a`b']],
      ['a.', ['a', '']],
      ['', ['']],
    ] as const)
      assert.deepEqual(stepsOf(path), steps, path);
  });
});

describe('What a record must be', () => {
  test('errors name fields and types as Connect does, never values', () => {
    assert.throws(() => make(extractField.value, { field: 'nmae' })(ann), transformError(/^Unknown field: nmae$/));
    assert.throws(() => make(valueToKey, { fields: 'nmae' })(ann), transformError(/^Field does not exist: nmae$/));
    assert.throws(
      () => make(maskField.value, { fields: 'id' })(record()),
      transformError(/in absence of schema for \[mask fields\], found: null$/),
    );
    assert.throws(
      () => make(maskField.value, { fields: 'id', replacement: 'x' })(ann),
      transformError(/^Unable to convert the replacement/),
    );
    assert.throws(() => make(insertField.value, { 'offset.field': 'o' })(ann), transformError(/Only SinkRecord supported/));
    assert.throws(() => make(timestampRouter, {})(ann), transformError(/Timestamp missing/));
    assert.throws(() => make(hoistField.value, { field: 'w' })(valued(row, null)), transformError(/null used for required field: "w"/));
    assert.throws(
      () => make(timestampConverter.value, { field: 'name', 'target.type': 'unix', format: 'yyyy' })(ann),
      error => error instanceof Error && /does not match pattern \(yyyy\)/.test(error.message) && !error.message.includes('Ann'),
    );
    assert.throws(() => make(replaceField.value, { renames: 'id:name' })(ann), transformError(/field name duplication name/));
  });

  test('a sink’s record has an offset to insert', () => {
    const stored = { ...ann, offset: 42n };
    const output = make(insertField.value, { 'offset.field': 'o!' })(stored)?.value;
    assert.equal(output instanceof Struct && output.get('o'), 42n);
  });
});

describe('Headers', () => {
  const header = (key: string) => ({ key, schema: schemas.string, value: 'x' });

  test('arrays are shared where nothing changes and where the same is added', () => {
    const headers = [header('a')];
    const drop = make(dropHeaders, { headers: 'b' });
    const input = record({ headers });
    assert.equal(drop(input), input);
    const insert = make(insertHeader, { header: 'n', 'value.literal': '12' });
    const [first, second] = [insert(input), insert({ ...input, topic: 'other' })];
    assert.equal(first?.headers, second?.headers);
    assert.deepEqual(first?.headers[1], { key: 'n', schema: schemas.int8, value: 12 });
  });

  test('predicates look at headers, values and topics', () => {
    const input = record({ headers: [header('a')] });
    assert.equal(make(hasHeaderKey, { name: 'a' })(input), true);
    assert.equal(make(hasHeaderKey, { name: 'A' })(input), false);
    assert.equal(make(recordIsTombstone, {})(input), true);
    assert.equal(make(recordIsTombstone, {})(ann), false);
    assert.equal(make(topicNameMatches, { pattern: 'srv\\..*' })(ann), true);
    assert.equal(make(topicNameMatches, { pattern: 'public' })(ann), false);
  });
});
