import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingPaths, formOf, formText } from '../../../src/takeover/record-form.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function form(value: unknown, headers: readonly { key: string; value: Uint8Array | null }[] = []) {
  return formOf({ key: bytes({ id: 1 }), value: value === null ? null : bytes(value), headers });
}

const envelope = (changes: object = {}, source: object = {}) => ({
  before: null,
  after: { id: 1, name: 'a' },
  source: { ts_ms: 5, lsn: 24, sequence: '["16","24"]', ...source },
  op: 'c',
  ts_ms: 1,
  ts_us: 2,
  ts_ns: 3,
  ...changes,
});

test('when a record was made, and what its reader had seen before, does not count', () => {
  const a = form(envelope());
  assert.equal(formText(a), formText(form(envelope({ ts_ms: 9, ts_us: 9, ts_ns: 9 }, { sequence: '[null,"24"]' }))));
  const wrapped = (value: object) => form({ schema: { type: 'struct' }, payload: value });
  assert.equal(formText(wrapped(envelope())), formText(wrapped(envelope({ ts_ms: 9 }))));
  assert.equal(formText(form({ id: 1, __ts_ms: 1 })), formText(form({ id: 1, __ts_ms: 2 })));
  const run = (id: string) => form(envelope(), [{ key: '__debezium.context.runId', value: bytes(id) }]);
  assert.equal(formText(run('a')), formText(run('b')));
  const release = (version: string) => formText(form(envelope({}, { version })));
  assert.equal(release('3.5.0.Final'), release('3.6.1.Final'), 'nor by which release of Debezium');
});

test('everything else counts, and is named by its path alone', () => {
  const a = form(envelope());
  const differs = (value: unknown, headers?: readonly { key: string; value: Uint8Array | null }[]) => {
    const b = form(value, headers);
    assert.notEqual(formText(a), formText(b));
    return differingPaths(a, b);
  };
  assert.deepEqual(differs(envelope({ after: { id: 1, name: 'secret' } })), ['value.after.name']);
  assert.deepEqual(differs(envelope({}, { ts_ms: 6 })), ['value.source.ts_ms']);
  assert.deepEqual(differs(envelope({}, { sequence: '["16","25"]' })), ['value.source.sequence']);
  assert.deepEqual(differs(envelope({ after: { name: 'a', id: 1 } })), ['value.after (order of fields)']);
  assert.deepEqual(differs(envelope({ after: { id: '1', name: 'a' } })), ['value.after.id']);
  assert.deepEqual(differs(null), ['value']);
  assert.deepEqual(differs(envelope(), [{ key: 'h', value: bytes('1') }]), ['headers']);
  // A field that is of the row, not of the envelope, is a row's.
  assert.notEqual(formText(form({ id: 1, ts_ms: 1 })), formText(form({ id: 1, ts_ms: 2 })));
});

test('digits beyond what a number holds, and bytes that are no text, are told apart', () => {
  assert.notEqual(formText(form('{"id":9007199254740993}')), formText(form('{"id":9007199254740992}')));
  assert.notEqual(formText(form('{"id":1.0}')), formText(form('{"id":1}')));
  assert.notEqual(formText(form('{"id":"1"}')), formText(form('{"id":1}')));
  const raw = (...octets: number[]) => formText(formOf({ key: null, value: Uint8Array.from(octets), headers: [] }));
  assert.notEqual(raw(0xff, 1), raw(0xff, 2));
});
