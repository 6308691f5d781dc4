import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defineEvent } from '../../../../src/services/outbox/define-event.ts';
import { outboxRouting } from '../../../../src/services/outbox/outbox-routing.ts';
import { outboxSql } from '../../../../src/services/outbox/outbox-table.ts';
import { createPublisher, type OutboxConnection } from '../../../../src/services/outbox/publisher.ts';
import { ConnectClient } from '../../../support/connect-client.ts';
import { startDaemon } from '../../../support/daemon.ts';
import { databaseOptions } from '../../../support/database-options.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { recordsOf } from '../published-events.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

type OrderPlaced = { orderId: string; totalCents: number };

const orderPlaced = defineEvent('OrderPlaced', {
  schemaVersion: 2,
  check: ({ totalCents }: OrderPlaced) => (totalCents > 0 ? null : 'totalCents is not above 0'),
});

test('events of a service that is not event-sourced go out with the transaction that stored them', { timeout: 240_000 }, async () => {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await freshDatabase(await sharedPostgres(18)));
  const { client } = database;
  await client.query('create schema shop; create table shop.orders (id text primary key)');
  const table = 'shop.outbox';
  await client.query(outboxSql({ table }));
  await client.query(outboxSql({ table }));
  const publisher = createPublisher({ table });
  const place = async (orderId: string, end: 'commit' | 'rollback') => {
    await client.query('begin');
    await client.query('insert into shop.orders values ($1)', [orderId]);
    const event = orderPlaced(
      { orderId, totalCents: 100 },
      { aggregate: { type: 'order', id: orderId }, metadata: { correlationId: `request-${orderId}` }, timestampMs: 1_700_000_000_123 },
    );
    const id = await publisher.publish(client, event);
    await client.query(end);
    return id;
  };
  const ids = [await place('before', 'commit')];
  const daemon = resources.use(await startDaemon({}));
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig('outbox', {
    'connector.class': 'postgres',
    ...databaseOptions(database.url),
    'topic.prefix': 'shop',
    'slot.name': `outbox_${database.name}`,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'shop\\.outbox',
    ...outboxRouting({ topic: 'events.$1' }),
  });
  const published = (count: number) =>
    until(
      async () => {
        await rest.assertNotFailed('outbox');
        const records = await recordsOf(daemon.dataFolder, ['events.order']);
        return records.length >= count && records;
      },
      { what: `${count} events`, timeoutMs: 60_000, everyMs: 100 },
    );
  await published(1);
  await place('lost', 'rollback');
  ids.push(await place('after', 'commit'));
  await publisher.purge(client, 1_700_000_000_124);
  ids.push(await place('purged-by-then', 'commit'));
  const found = await published(3);
  assert.deepEqual(
    found.map(({ key, value, timestampMs, headers }) => [key, JSON.parse(value), timestampMs, headers]),
    ['before', 'after', 'purged-by-then'].map((orderId, index) => [
      orderId,
      { orderId, totalCents: 100 },
      1_700_000_000_123,
      {
        id: ids[index],
        type: 'OrderPlaced',
        schemaVersion: '2',
        correlationId: `request-${orderId}`,
        causationId: null,
        userId: null,
      },
    ]),
  );
  const { rows } = await client.query('select aggregateid from shop.outbox');
  assert.deepEqual(rows, [{ aggregateid: 'purged-by-then' }]);
});

test('the program and the connector of docs/outbox.md', { timeout: 180_000 }, async () => {
  const page = readFileSync(join(root, 'docs', 'outbox.md'), 'utf8');
  const [program, connector] = ['ts', 'yaml'].map(language => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)![1]!);
  using folder = new ScratchFolder('outbox');
  writeFileSync(folder.file('orders.ts'), program!.replace("'sluice/outbox'", `'${join(root, 'src', 'services', 'outbox', 'api.ts')}'`));
  const { placeOrder } = (await import(folder.file('orders.ts'))) as {
    placeOrder(client: OutboxConnection, id: string, cents: number, request: string): Promise<void>;
  };
  await using database = await freshDatabase(await sharedPostgres(18));
  const { client } = database;
  await database.run(`create table orders (id text primary key, total_cents int); ${outboxSql()}`);
  await placeOrder(client, 'o-1', 100, 'r-1');
  await assert.rejects(placeOrder(client, 'o-2', 0, 'r-2'), { code: 'EVENT_INVALID', message: /totalCents is not above 0/ });
  const { rows } = await client.query('select o.id, b.payload, b.correlation_id from orders o join outbox b on b.aggregateid = o.id');
  assert.deepEqual(rows, [{ id: 'o-1', payload: { orderId: 'o-1', totalCents: 100 }, correlation_id: 'r-1' }]);
  const lines = connector!.split('\n').map(line => line.replace(/ +#.*$/, '').trim());
  for (const [option, value] of Object.entries(outboxRouting())) assert.ok(lines.includes(`${option}: ${value}`), option);
});
