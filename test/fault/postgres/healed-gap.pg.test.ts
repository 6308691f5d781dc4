import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type { ShownSnapshot } from '../../../src/engine/supervisor/supervisor-snapshots.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from '../../integration/verification/verified-daemon.ts';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { until } from '../../support/until.ts';

const waitMsMax = 60_000;
const [rows, deleted] = [3_000, 30];
const megabyte = 1024 * 1024;

type Offsets = { readonly offsets: readonly { readonly partition: Record<string, string>; readonly offset: Record<string, unknown> }[] };
type Row = { readonly id: number; readonly v: number };

describe('a slot that its guard gives up under load heals by itself', { timeout: 300_000 }, () => {
  const resources = new AsyncDisposableStack();
  let server: PostgresServer;
  let database: FreshDatabase;
  let daemon: Daemon;
  let verified: VerifiedDaemon;
  let file: string;

  before(async () => {
    // A server of its own: what others write is held by the slot, too.
    const settings = { max_slot_wal_keep_size: '64MB', min_wal_size: '32MB', max_wal_size: '64MB' };
    [server, daemon] = await Promise.all([
      startPostgres({ version: 18, settings }),
      startDaemon({ 'metrics.database.interval.ms': '200' }),
    ]);
    resources.use(server);
    database = resources.use(await freshDatabase(server));
    resources.use(daemon);
    const scratch = new ScratchFolder('healed-gap');
    resources.defer(() => scratch[Symbol.dispose]());
    file = scratch.file('target.db');
    verified = new VerifiedDaemon(daemon, 'shop');
    await database.run(`create table orders (id int primary key, v bigint not null, pad text);
      insert into orders select n, 0, 'row' from generate_series(1, ${rows}) n; create table other (id int)`);
    await verified.rest.putConfig('shop', {
      'connector.class': 'postgres',
      ...databaseOptions(database.url),
      'topic.prefix': 'shop',
      'slot.name': database.name,
      'publication.autocreate.mode': 'filtered',
      'table.include.list': 'public.orders',
      'incremental.snapshot.chunk.size': '100',
      // So that it can be killed in the midst.
      'incremental.snapshot.rows.per.second.max': '300',
      'slot.guard.limit.bytes': String(8 * megabyte),
      'slot.guard.limit.action': 'give_up',
      'slot.guard.heal': 'incremental',
      'slot.guard.heal.automatic': 'true',
    });
    await verified.rest.putConfig('target', {
      'connector.class': 'jdbc',
      topics: 'shop.public.orders',
      'insert.mode': 'upsert',
      'delete.enabled': 'true',
      'primary.key.mode': 'record_key',
      'schema.evolution': 'basic',
      'connection.url': `jdbc:sqlite:${file}`,
    });
    await verified.applied('target');
  });
  after(() => resources.disposeAsync());

  async function gap(): Promise<Record<string, unknown> | null> {
    const { offsets } = await verified.rest.call<Offsets>('GET', '/connectors/shop/offsets');
    return offsets.find(({ partition }) => 'sluice_gap' in partition)?.offset ?? null;
  }
  const slots = async () =>
    (await database.client.query('select from pg_replication_slots where slot_name = $1', [database.name])).rowCount;
  const warnings = async () => {
    const { tasks } = await verified.rest.call<{ tasks: { warnings: string[] }[] }>('GET', '/sluice/connectors/shop');
    return tasks.flatMap(({ warnings: told }) => told).join();
  };
  const source = async () => (await database.client.query<Row>('select id, v::int as v from orders order by id')).rows;
  const target = (): readonly Row[] => {
    using opened = new DatabaseSync(file, { timeout: 20_000 });
    return opened
      .prepare('select id, v from shop_public_orders order by id')
      .all()
      .map(({ id, v }) => ({ id: Number(id), v: Number(v) }));
  };

  test('killed in the midst it goes on; the target is right row by row, but for what was deleted, which a repair removes', async () => {
    await using client = await connectTo(database.url);
    await using load = steadyLoad(async round => {
      const id = 101 + (round % (rows - 100));
      await client.query(`update orders set v = v + 1, pad = repeat(md5($1::text), 20) where id = $1`, [id]);
      if (round % 10 === 0) await client.query('insert into orders values ($1, 1)', [10_000 + round]);
    }, 2);
    // A transaction that stays open: the slot holds all that comes after it, though the connector reads on.
    await using open = await connectTo(database.url);
    await open.query('begin; insert into other values (1)');
    await using filler = await connectTo(server.url);
    const givenUp = async () => {
      await filler.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))`);
      return (await gap()) !== null && (await slots()) === 0;
    };
    await until(givenUp, { what: 'the slot to be given up', timeoutMs: waitMsMax });
    // Nothing streams until the transaction is over.
    await client.query(`delete from orders where id <= ${deleted}`);
    await client.query('update orders set v = 1000000 where id between 31 and 60');
    await open.query('commit');

    // Early, so that much is left whenever this is seen.
    const begun = async () => {
      const { snapshot } = await verified.rest.call<{ snapshot: ShownSnapshot | null }>('GET', '/connectors/shop/snapshots');
      return snapshot !== null && snapshot.rows >= rows / 10;
    };
    await until(begun, { what: 'a tenth to be read again', timeoutMs: waitMsMax });
    const before = load.changes;
    await daemon.stop('SIGKILL');
    await daemon.start();
    assert.deepEqual((await gap())?.['tables_to_read'], ['public.orders']);
    await until(async () => (await gap()) === null, { what: 'the gap to be closed', timeoutMs: waitMsMax });
    assert.ok(load.changes > before);
    assert.match(await warnings(), /The gap from \S+ to \S+ is closed/);
  });

  test('what was deleted in the gap is in the target still, found by a verification and removed by its repair', async () => {
    const differing = async () => {
      const held = new Map(target().map(({ id, v }) => [id, v]));
      return (await source()).filter(({ id, v }) => held.get(id) !== v);
    };
    // The load is over: what it did last is on its way.
    await until(async () => (await differing()).length === 0, { what: 'every row to be there as the source has it', timeoutMs: waitMsMax });
    const extra = Array.from({ length: deleted }, (_, index) => `extra ${index + 1}`).sort();
    assert.deepEqual(differencesOf(await verified.verify({ against: 'target' })), extra);
    const repaired = await verified.verify({ against: 'target', repair: true });
    assert.deepEqual(
      differencesOf(repaired),
      extra.map(text => `${text} repaired`),
    );
    assert.deepEqual(target(), await source());
  });
});
