import assert from 'node:assert/strict';
import { cpSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ask, connectorOf, failure, progressOf } from '../../integration/bad-input-fixture.ts';
import { type Daemon, newDaemon } from '../../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { confirmedLsn, offsetsForSqlite3, publishedForSqlite3 } from '../strangers.ts';

const connector = 'kept';
const topic = 'kept.public.counted';
const rowsAtFirst = 1500;

/** What the task says where its offset lies behind the slot. */
const gapNamed =
  /^POSITION_LOST: The replication slot "\w+" has given up the log before [0-9A-F/]+, but the stored offset is at [0-9A-F/]+: the changes in between \(\d+ bytes of log\) are not to be had\.\nTake a new snapshot \(snapshot\.mode=when_needed does it by itself\)/;

/** A daemon whose log has a snapshot of some rows; each test lets it publish more and then takes something of that away. */
describe('an embedded log that has lost what it had', { timeout: 240_000 }, () => {
  let resources: AsyncDisposableStack;
  let database: FreshDatabase;
  let daemon: Daemon;
  let slot: string;
  let rows = 0;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    database = resources.use(await freshDatabase(await sharedPostgres(18)));
    slot = `slot_${database.name}`;
    rows = 0;
    await database.run('create table counted (id int primary key, v text)');
    await insert(rowsAtFirst);
    daemon = resources.use(await newDaemon({}));
    await daemon.start();
    await submit({});
    await until(async () => (await progressOf(daemon, connector))?.phase === 'streaming', { what: 'the stream', timeoutMs: 60_000 });
    await settled(database, slot);
    // Everything into the file itself.
    await daemon.stop();
  });
  afterEach(() => resources.disposeAsync());

  async function insert(count: number): Promise<void> {
    await database.client.query(`insert into counted select n, repeat('v', 1000) from generate_series($1::int, $2::int) n`, [
      rows,
      rows + count - 1,
    ]);
    rows += count;
  }

  async function submit(more: Readonly<Record<string, string>>): Promise<void> {
    const config = connectorOf(database.url, { 'topic.prefix': 'kept', ...more });
    const { status, body } = await ask(daemon, 'PUT', `/connectors/${connector}/config`, config);
    assert.ok(status === 200 || status === 201, JSON.stringify(body));
  }

  /** The ids in the log, in its order. */
  async function ids(): Promise<number[]> {
    const found: number[] = [];
    for await (const { key } of publishedForSqlite3(daemon.dataFolder, [topic])) found.push(JSON.parse(key).id);
    return found;
  }

  const upTo = (end: number) => Array.from({ length: end }, (_, id) => id);

  /** The task says what is missing and keeps saying it; the database is told nothing. A new snapshot then has every row. */
  async function assertGapThenSnapshot(): Promise<void> {
    const before = await confirmedLsn({ database, slot });
    const inLog = await ids();
    assert.match(await failure(daemon, connector), gapNamed);
    await insert(10);
    assert.equal((await ask(daemon, 'POST', `/connectors/${connector}/tasks/0/restart`)).status, 204);
    assert.match(await failure(daemon, connector), gapNamed);
    assert.deepEqual(await ids(), inLog, 'nothing is published over a gap');
    assert.equal(await confirmedLsn({ database, slot }), before, 'nothing is confirmed over a gap');
    await submit({ 'snapshot.mode': 'when_needed' });
    await until(async () => (await progressOf(daemon, connector))?.phase === 'streaming', { what: 'the stream', timeoutMs: 60_000 });
    await settled(database, slot);
    await insert(5);
    await settled(database, slot);
    assert.deepEqual(await ids(), [...inLog, ...upTo(rows)]);
  }

  test('put back to an older copy: the gap is named, nothing confirmed; when_needed takes a new snapshot', async () => {
    const copy = `${daemon.dataFolder}-copy`;
    cpSync(daemon.dataFolder, copy, { recursive: true });
    await daemon.start();
    await insert(100);
    await settled(database, slot);
    await daemon.stop();
    rmSync(daemon.dataFolder, { recursive: true });
    cpSync(copy, daemon.dataFolder, { recursive: true });
    await daemon.start();
    await assertGapThenSnapshot();
  });

  test('without its write-ahead log: the gap is named', async () => {
    await daemon.start();
    await insert(100);
    await settled(database, slot);
    await daemon.stop('SIGKILL');
    rmSync(join(daemon.dataFolder, 'log.db-wal'));
    await daemon.start();
    await assertGapThenSnapshot();
  });

  for (const withWal of [false, true])
    test(`its file cut short${withWal ? ', with a write-ahead log beside it' : ''}: it is not opened`, async () => {
      if (withWal) {
        await daemon.start();
        await insert(100);
        await settled(database, slot);
        await daemon.stop('SIGKILL');
      }
      const file = join(daemon.dataFolder, 'log.db');
      const whole = `${daemon.dataFolder}-whole`;
      cpSync(daemon.dataFolder, whole, { recursive: true });
      const { size } = statSync(file);
      for (const left of withWal ? [size - 1, size >> 1, 0] : [size - 1, size >> 1]) {
        truncateSync(file, left);
        await daemon.launch();
        assert.equal(await daemon.ended(), 'exit code 1');
        assert.match(daemon.log(3), /log\.db was cut short: it has \d+ bytes.*\n.*Restore data\.dir from a copy/);
      }
      rmSync(daemon.dataFolder, { recursive: true });
      cpSync(whole, daemon.dataFolder, { recursive: true });
      await daemon.start();
      await insert(5);
      await settled(database, slot);
      assert.deepEqual(await ids(), upTo(rows));
    });

  for (const form of ['own', 'Debezium’s'])
    test(`an offset set behind the slot, in ${form} form: the gap is named; set right again, all goes on`, async () => {
      await daemon.start();
      const early = await offset();
      await insert(100);
      await settled(database, slot);
      const late = await offset();
      await set(form === 'own' ? early : debeziumForm(early));
      assert.match(await failure(daemon, connector), gapNamed);
      await insert(10);
      assert.deepEqual(await ids(), upTo(rows - 10));
      await set(form === 'own' ? late : debeziumForm(late));
      await settled(database, slot);
      assert.deepEqual(await ids(), upTo(rows));
    });

  async function offset(): Promise<Readonly<Record<string, unknown>>> {
    return (await offsetsForSqlite3(daemon.dataFolder, connector)).at(-1)!.offset!;
  }

  /** As Debezium stores it: without our keys, and nothing is confirmed beyond the furthest of its own. */
  const debeziumForm = ({ sluice_confirmed_lsn: lsn, ...offset }: Readonly<Record<string, unknown>>) => ({
    ...Object.fromEntries(Object.entries(offset).filter(([key]) => !key.startsWith('sluice_'))),
    lsn,
    lsn_proc: lsn,
  });

  async function set(to: Readonly<Record<string, unknown>>): Promise<void> {
    assert.equal((await ask(daemon, 'PUT', `/connectors/${connector}/stop`)).status, 204);
    const patch = { offsets: [{ partition: { server: 'kept' }, offset: to }] };
    const { status, body } = await ask(daemon, 'PATCH', `/connectors/${connector}/offsets`, patch);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((await ask(daemon, 'PUT', `/connectors/${connector}/resume`)).status, 202);
  }
});
