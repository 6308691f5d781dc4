import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defineEvent } from '../../../../src/services/outbox/define-event.ts';
import { outboxSql } from '../../../../src/services/outbox/outbox-table.ts';
import { createPublisher, type OutboxConnection } from '../../../../src/services/outbox/publisher.ts';

type Sent = { readonly sql: string; readonly params: unknown[] };

function connection(): OutboxConnection & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    async query(sql, params) {
      sent.push({ sql, params });
    },
  };
}

const aggregate = { type: 'order', id: '4711' };
const paid = defineEvent('OrderPaid', { schemaVersion: 2, check: ({ cents }: { cents: number }) => (cents > 0 ? null : 'cents') });

describe('outbox', () => {
  test('an event is a row with what the outbox EventRouter reads, in the dialect of the database', async () => {
    const event = paid({ cents: 5 }, { aggregate, id: 'e1', metadata: { correlationId: 'c', userId: 'u' }, timestampMs: 0 });
    const params = ['e1', 'order', '4711', 'OrderPaid', '{"cents":5}', 2, 'c', null, 'u', '1970-01-01 00:00:00.000'];
    const columns = 'id, aggregatetype, aggregateid, type, payload, schema_version, correlation_id, causation_id, user_id, occurred_at';
    const [postgres, mysql] = [connection(), connection()];
    assert.equal(await createPublisher().publish(postgres, event), 'e1');
    const marks = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10';
    assert.deepEqual(postgres.sent, [{ sql: `insert into "outbox" (${columns}) values (${marks})`, params }]);
    await createPublisher({ table: 'my`s.box', dialect: 'mysql' }).publish(mysql, event);
    assert.deepEqual(mysql.sent, [
      { sql: `insert into \`my\`\`s\`.\`box\` (${columns}) values (${marks.replaceAll(/\$\d+/g, '?')})`, params },
    ]);
    assert.match(outboxSql({ dialect: 'mysql' }), /payload json not null/);
    assert.match(outboxSql(), /payload jsonb not null/);
  });

  test('an event without an id gets one of its own', async () => {
    const [to, publisher] = [connection(), createPublisher()];
    const ids = [
      await publisher.publish(to, paid({ cents: 1 }, { aggregate })),
      await publisher.publish(to, paid({ cents: 1 }, { aggregate })),
    ];
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
      to.sent.map(({ params }) => params[0]),
      ids,
    );
  });

  test('what would stop the connector is refused before anything is sent', async () => {
    const [to, publisher] = [connection(), createPublisher()];
    const event = paid({ cents: 5 }, { aggregate });
    const wrong = [
      [{ ...event, aggregate: { type: 'two words', id: '1' } }, /part of the topic's name/],
      [{ ...event, aggregate: { type: 'order', id: '' } }, /is empty/],
      [{ ...event, data: { at: new Date(0) } }, /data\.at is a Date/],
      [{ ...event, data: 'a\u0000' }, /U\+0000/],
      [{ ...event, metadata: { tenant: 't' } }, /metadata\.tenant has no column/],
      [{ ...event, metadata: { correlationId: '' } }, /metadata\.correlationId is empty/],
      [{ ...event, timestampMs: 1e15 }, /timestampMs/],
      [{ ...event, id: '' }, /event id is empty/],
    ] as const;
    for (const [given, message] of wrong) await assert.rejects(publisher.publish(to, given), { code: 'EVENT_INVALID', message });
    assert.deepEqual(to.sent, []);
    assert.throws(() => createPublisher({ table: 'a.b.c' }), { code: 'CONFIG_INVALID', message: /'a\.b\.c' is no outbox table/ });
  });

  test('a definition makes its events, and refuses data that its check refuses', () => {
    assert.deepEqual(paid({ cents: 1 }, { aggregate }), { aggregate, type: 'OrderPaid', data: { cents: 1 }, schemaVersion: 2 });
    assert.deepEqual([paid.type, paid.schemaVersion], ['OrderPaid', 2]);
    assert.throws(() => paid({ cents: 0 }, { aggregate }), {
      code: 'EVENT_INVALID',
      message: 'The data of an event OrderPaid are refused: cents',
    });
    assert.throws(() => defineEvent(''), { code: 'EVENT_INVALID' });
    assert.throws(() => defineEvent('X', { schemaVersion: 0 }), { code: 'EVENT_INVALID', message: /schema version of X/ });
  });
});
