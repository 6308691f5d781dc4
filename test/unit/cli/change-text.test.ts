import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFaulty, planText } from '../../../src/cli/change-text.ts';
import { comparisonText } from '../../../src/cli/takeover-text.ts';
import { paintWith } from '../../../src/cli/terminal.ts';
import type { ConnectorChange } from '../../../src/engine/changes/connector-change.ts';

const paint = paintWith(false);

const change: ConnectorChange = {
  name: 'shop',
  action: 'change',
  type: 'source',
  class: 'io.debezium.connector.postgresql.PostgresConnector',
  file: null,
  refused: null,
  faults: [],
  warnings: [],
  findings: [],
  options: [{ option: 'table.include.list', before: 'a', after: null, effect: 'tables' }],
  position: 'kept',
  position_because: null,
  restarts: true,
  tables: { added: ['b', 'c'], removed: ['a'] },
  topics: { added: ['t.b'], removed: ['t.a'] },
  unknown: null,
  snapshot: [],
  records: ['transforms'],
};

test('a change says what it does, what is read and what is not', () => {
  const text = planText({ changes: [change, { ...change, name: 'other', action: 'none' }], faults: [] }, paint);
  assert.match(text, /^~ shop is changed; its tasks start anew\n/);
  assert.match(text, /table\.include\.list: a -> \(not given\) {3}\[which tables\]/);
  assert.match(text, /position +kept: it goes on where it was/);
  assert.match(text, /\+ b, c: read from here on.*sluice snapshot shop b c/);
  assert.match(text, /- a: not read any more/);
  assert.match(text, /topic +- t\.a is not written any more; it stays/);
  assert.match(text, /by transforms/);
  assert.match(text, /1 connector is as wanted\.\n$/);
});

test('what is lost, unknown, refused or faulty is said as such', () => {
  const of = (changes: Partial<ConnectorChange>) => planText({ changes: [{ ...change, ...changes }], faults: [] }, paint);
  assert.match(
    of({ position: 'lost', position_because: 'slot.name', snapshot: ['b', 'c'] }),
    /LOST by slot\.name: it begins anew, with a snapshot\n/,
  );
  assert.match(of({ tables: null, unknown: 'no such host' }), /tables +not known: no such host/);
  assert.match(of({ refused: 'held' }), /refused +held/);
  assert.ok(isFaulty({ changes: [{ ...change, refused: 'held' }], faults: [] }));
  assert.ok(isFaulty({ changes: [], faults: [{ file: 'f', message: 'm' }] }));
  assert.ok(!isFaulty({ changes: [change], faults: [] }));
});

test('a comparison names places and fields, and says where nothing was compared', () => {
  const found = { compared: 5, keys: 2, topics: ['t'], pending: 1, differences: [] };
  assert.match(comparisonText(found, paint), /^The same: 5 records of 2 keys on 1 topic.* 1 more were too young/);
  assert.match(comparisonText({ ...found, compared: 0 }, paint), /^Nothing was compared/);
  const difference = { kind: 'different', topic: 't', at: 't/0@1', shadowAt: 't/0@9', fields: ['value.a'] } as const;
  const text = comparisonText(
    { ...found, differences: [difference, difference, { ...difference, kind: 'missing', shadowAt: null, fields: [] }] },
    paint,
  );
  assert.match(text, /^3 differences in/);
  assert.match(text, /2 published otherwise here, t: value\.a\n +t\/0@1 \/ here t\/0@9/);
  assert.match(text, /1 published there and not here, t\n/);
});
