import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowDataPacket } from 'mysql2';
import { type ConnectRecord, Struct } from '../../src/contract/index.ts';
import type { FreshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { execute, isFinished, progressOf, readsOf, rows, waitMsMax } from './incremental-run.ts';
import { itemsDatabase, mysqlRunOf, signalTableOf } from './mysql-incremental-run.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };

const itemsOf = ({ name }: FreshMysqlDatabase) => `srv.${name}.items`;

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`statements change the table while it is read: each row is as the stream knows the table by then (${flavor})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(servers[flavor]);
    const run = mysqlRunOf(flavor, servers[flavor], database, { 'incremental.snapshot.rows.per.second.max': '500' });
    const reads = () => readsOf(run, itemsOf(database));
    // A statement may wait for others' locks: the stream waits with it, and so do all chunks but the next.
    let altering: Promise<void> = Promise.resolve();
    const heard = run.run(async (): Promise<'append'> => {
      await altering;
      return 'append';
    });
    const work = async () => {
      await until(() => run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'ddl', type: 'execute-snapshot', data: execute([`${database.name}.items`]) });
      for (const statement of [
        'add column more int not null default 7 after id',
        'drop column pad',
        'add column last varchar(5) default "z"',
      ]) {
        const before = reads().length;
        await until(() => reads().length >= before + 200, { what: 'two chunks', timeoutMs: waitMsMax });
        altering = database.run(`alter table items ${statement}`);
        await altering;
      }
      await until(() => reads().length === rows, { what: 'what is to be published', timeoutMs: waitMsMax });
    };
    await Promise.all([heard, work().finally(() => run.end())]);
    assert.equal(new Set(reads()).size, rows);
    let fields = ['id', 'v', 'pad'];
    const seen = new Set<string>();
    for (const { topic, value } of run.records) {
      if (!(value instanceof Struct)) continue;
      const ddl = topic === 'srv' ? String(value.get('ddl')) : '';
      if (/add column more/.test(ddl)) fields = ['id', 'more', 'v', 'pad'];
      if (/drop column pad/.test(ddl)) fields = ['id', 'more', 'v'];
      if (/add column last/.test(ddl)) fields = ['id', 'more', 'v', 'last'];
      if (topic !== itemsOf(database)) continue;
      const row = value.get('after') as Struct;
      assert.deepEqual(
        row.schema.fields.map(({ name }) => name),
        fields,
      );
      const content = { more: 7, v: 0n, pad: 'x'.repeat(50), last: 'z' };
      for (const [name, expected] of Object.entries(content)) if (fields.includes(name)) assert.equal(row.get(name), expected);
      seen.add(fields.join());
    }
    assert.equal(seen.size, 4, 'chunks came between all statements');
  });
}

/** The chunk may be published before the server has sent the statement: then it is tried with the next one. */
const statementsMax = 12;

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`a chunk that was read before a statement which the stream then brings is read again (${flavor})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(servers[flavor]);
    // Its watermarks tell that a chunk was read; as signals they would have the stream wait between the two.
    const run = mysqlRunOf(flavor, servers[flavor], database, { ...signalTableOf(database), 'signal.enabled.channels': 'file' });
    const chunksRead = async () => {
      const found = "select count(*) as n from signals where type = 'snapshot-window-close'";
      const [[row]] = await database.connection.query<RowDataPacket[]>(found);
      return Number(row?.['n']);
    };
    let column: string | null = null;
    let before = 0;
    const heard = run.run(async (): Promise<'append'> => {
      if (column === null || progressOf(run)?.state !== 'running') return 'append';
      // The stream waits here, and so does the chunk.
      const statement = `alter table items add column ${column} int not null default 7`;
      column = null;
      await until(async () => (await chunksRead()) > before, { what: 'the first chunk', timeoutMs: waitMsMax });
      await database.run(statement);
      return 'append';
    });
    await until(() => run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
    await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
    let readAgain = false;
    for (let n = 1; n <= statementsMax && !readAgain; n++) {
      const added = `more_${n}`;
      before = await chunksRead();
      column = added;
      const from = run.records.length;
      const isRow = ({ topic }: ConnectRecord) => topic === itemsOf(database);
      await run.source!.signal!({ id: `once-${n}`, type: 'execute-snapshot', data: execute([`${database.name}.items`]) });
      const all = () => run.records.slice(from);
      await until(() => all().filter(isRow).length === rows && isFinished(run), { what: 'the rows', timeoutMs: waitMsMax });
      const isStatement = ({ topic, value }: ConnectRecord) =>
        topic === 'srv' && value instanceof Struct && String(value.get('ddl')).includes(added);
      await until(() => all().some(isStatement), { what: 'the statement', timeoutMs: waitMsMax });
      const place = all().findIndex(isStatement);
      for (const [index, record] of all().entries()) {
        if (!isRow(record)) continue;
        const after = (record.value as Struct).get('after') as Struct;
        const names = after.schema.fields.map(({ name }) => name);
        assert.equal(names.includes(added), index > place, `row ${index} and the statement ${place}`);
        if (index > place) assert.equal(after.get(added), 7);
      }
      readAgain = all().findIndex(isRow) > place;
    }
    run.end();
    await heard;
    assert.ok(readAgain, 'a chunk was read again');
  });
}
