import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../../support/command-line-run.ts';
import type { Daemon } from '../../support/daemon.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import {
  beforeDeletes,
  type Item,
  item,
  itemRecords,
  itemsLeft,
  jsonConverters,
  keys,
  lsnOf,
  partitions,
  type ReplayLog,
} from './item-records.ts';
import { ReplayingSink } from './replaying-sink.ts';

const testMsMax = 300_000;
const startMs = Date.now() - 3_600_000;
const timeOf = (at: number) => startMs + at * 1000;
const textOf = (lsn: number) => `0/${lsn.toString(16).toUpperCase()}`;
/** What a replay of everything sends: a row's last record, and of a deleted row the delete and its tombstone. */
const recordsOfAll = itemsLeft.length + 2 * (keys - itemsLeft.length);

/** Tables of one SQLite file, as a test looks at them and damages them. */
class Tables {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  rows(table: string): readonly Item[] {
    using database = new DatabaseSync(this.file, { readOnly: true, timeout: 10_000 });
    return database.prepare(`select id, n, name from ${table} order by id`).all() as Item[];
  }

  run(...statements: readonly string[]): void {
    using database = new DatabaseSync(this.file, { timeout: 10_000 });
    for (const statement of statements) database.exec(statement);
  }
}

/** What a replay does, whichever log there is. */
export function replayStatements(open: () => Promise<ReplayLog>): void {
  describe('a replay', { timeout: testMsMax }, () => {
    const scratch = new ScratchFolder('replay');
    const [copied, viewed] = [new Tables(scratch.file('copy.db')), new Tables(scratch.file('views.db'))];
    let daemon: Daemon;
    let topic: string;
    let copy: ReplayingSink;
    let views: ReplayingSink;
    let file: ReplayingSink;

    before(async () => {
      const log = await open();
      daemon = await log.newDaemon();
      topic = log.named('shop.public.items');
      await log.seed(daemon, topic, partitions, itemRecords(topic, startMs));
      copied.run('create table items (id integer primary key, n integer, name text)');
      await daemon.start();
      const sink = (name: string) => new ReplayingSink(daemon, log.named(name));
      [copy, views, file] = [sink('copy'), sink('views'), sink('file')];
      const common = { topics: topic, 'tasks.max': '2', ...jsonConverters };
      await copy.rest.putConfig(copy.name, {
        ...common,
        // It is killed, and the next has its partitions when the killed one's session is over. The others keep theirs over any pause of the machine.
        'consumer.override.session.timeout.ms': '6000',
        'connector.class': 'jdbc',
        'connection.url': `jdbc:sqlite:${copied.file}`,
        'insert.mode': 'upsert',
        'primary.key.mode': 'record_key',
        'delete.enabled': 'true',
        'collection.name.format': 'items',
      });
      await views.rest.putConfig(views.name, {
        ...common,
        'connector.class': 'views',
        'connection.url': `jdbc:sqlite:${viewed.file}`,
        views: viewsOf(topic),
      });
      const lines = { 'connector.class': 'file', file: scratch.file('lines.txt'), 'file.format': 'json' };
      await file.rest.putConfig(file.name, { ...common, ...lines, 'tasks.max': '1' });
      for (const each of [copy, views, file]) await each.committed(itemRecords(topic, startMs).length);
      assert.deepEqual(copied.rows('items'), itemsLeft.map(plain));
      assert.deepEqual(viewed.rows('items_view'), itemsLeft.map(plain));
    });
    after(async () => {
      await daemon?.[Symbol.asyncDispose]();
      scratch[Symbol.dispose]();
    });

    test('of everything changes nothing in a right target, and the live flow’s offsets do not move', async () => {
      for (const sink of [copy, views]) {
        const before = await sink.offsets();
        const measured = await sink.measure({ from: 'start' });
        assert.deepEqual([measured.dry_run, measured.records], [true, recordsOfAll]);
        const view = await sink.replayed({ from: 'start' });
        assert.deepEqual([view.records, view.bytes, view.done, view.phase], [recordsOfAll, measured.bytes, 1, null]);
        assert.deepEqual([view.filtered, view.skipped, view.dead_letters, view.error], [0, 0, 0, null]);
        assert.deepEqual(await sink.offsets(), before);
      }
      assert.deepEqual(copied.rows('items'), itemsLeft.map(plain));
      assert.deepEqual(viewed.rows('items_view'), itemsLeft.map(plain));
    });

    test('heals rows that were changed, deleted and brought back in the target', async () => {
      copied.run(
        "update items set name = 'wrong', n = -1 where id in (1, 2)",
        'delete from items where id in (3, 4)',
        "insert into items values (5, 3, 'back'), (10, 3, 'back')",
      );
      viewed.run(
        // In the view itself, and in the rows that it is made of.
        "update items_view set name = 'wrong' where id in (1, 2)",
        'delete from items_view where id = 3',
        "update _rows_items set name = 'wrong' where id = 4",
        "update items_view set name = 'wrong' where id = 4",
      );
      assert.notDeepEqual(copied.rows('items'), itemsLeft.map(plain));
      await copy.replayed({ from: 'start' });
      assert.deepEqual(copied.rows('items'), itemsLeft.map(plain));
      await views.replayed({ from: 'start' });
      assert.deepEqual(viewed.rows('items_view'), itemsLeft.map(plain));
    });

    test('of a range that ends before a delete does not bring the row back, and heals with what came later', async () => {
      copied.run(
        "insert into items values (5, 3, 'back')",
        "update items set name = 'wrong' where id = 6",
        'delete from items where id = 7',
      );
      // The range has nothing but the rows as they were made.
      const view = await copy.replayed({ from: 'start', to: timeOf(keys) });
      assert.equal(view.records, recordsOfAll);
      assert.deepEqual(
        view.partitions.map(({ from, to }) => to - from),
        [keys / 2, keys / 2],
      );
      assert.deepEqual(copied.rows('items'), itemsLeft.map(plain));
    });

    test('of some keys, a table, and a part of the time heals these and leaves the others', async () => {
      const damage = () => copied.run("update items set name = 'wrong' where id in (1, 2, 3)");
      const wrong = (...ids: readonly number[]) => assert.deepEqual(ids, wrongIn(copied));
      damage();
      const table = topic.slice(topic.lastIndexOf('.') + 1);
      assert.equal((await copy.replayed({ from: 'start', tables: [table], keys: [{ id: 1 }] })).records, 1);
      wrong(2, 3);
      await copy.replayed({ from: 'start', keys: [2, '3'] });
      wrong();
      damage();
      // Of the deletes: nothing else has a record there.
      const { records } = await copy.replayed({ from: new Date(timeOf(beforeDeletes)).toISOString() });
      assert.equal(records, 2 * (keys - itemsLeft.length));
      wrong(1, 2, 3);
      // By offset, in one partition: the last record of key 2 there.
      const last = 2 * (keys / partitions);
      await copy.replayed({ from: [{ topic, partition: 0, offset: last }], to: `${topic}-0:${last + 1}` });
      wrong(1, 3);
      // By the source's position: what is behind the third round's first records.
      await copy.replayed({ from: textOf(lsnOf(2 * keys)), to: textOf(lsnOf(2 * keys + 1)) });
      wrong(3);
      await copy.replayed({ from: String(timeOf(2 * keys)) });
      wrong();
    });

    test('into a sink that causes effects sends the records as they were', async () => {
      const lines = () => readFileSync(join(scratch.path, 'lines.txt'), 'utf8').trim().split('\n');
      const before = lines().length;
      assert.equal(before, itemRecords(topic, startMs).length);
      const range = { from: timeOf(0), to: timeOf(2 * keys) };
      assert.equal((await file.measure(range)).records, 2 * keys);
      await file.replayed(range);
      const sent = lines()
        .slice(before)
        .map(line => (JSON.parse(line) as { value: { after: Item } }).value.after);
      for (let id = 1; id <= keys; id++)
        assert.deepEqual(
          sent.filter(one => one.id === id),
          [item(id, 1), item(id, 2)],
          `key ${id}`,
        );
    });

    test('killed half-way goes on from where it was; slow ones can be stopped, and only one runs', async () => {
      copied.run("update items set name = 'wrong'", "insert into items values (5, 3, 'back')");
      const { id } = await copy.begin({ from: 'start', rate: 6 });
      await assert.rejects(copy.begin({ from: 'start' }), { status: 409, message: /Replay \d+ of .* is running/ });
      await copy.until(id, 'to have sent some', ({ records }) => records >= 6);
      await daemon.stop('SIGKILL');
      await daemon.start();
      const view = await copy.ended(id);
      assert.equal(view.state, 'COMPLETED');
      assert.match(daemon.log(1_000), /The replay goes on from where it was/);
      assert.deepEqual(copied.rows('items'), itemsLeft.map(plain));
      assert.ok(view.records >= recordsOfAll, `${view.records} records`);

      const slow = await copy.begin({ from: 'start', rate: 1 });
      await copy.until(slow.id, 'to send', ({ phase, records_total }) => phase === 'sending' && records_total === recordsOfAll);
      const stopped = await copy.stop(slow.id);
      assert.equal(stopped.state, 'STOPPED');
      assert.ok(stopped.records < recordsOfAll);
      assert.deepEqual(
        (await copy.list()).slice(-2).map(one => [one.id, one.state]),
        [
          [id, 'COMPLETED'],
          [slow.id, 'STOPPED'],
        ],
      );
      // While its sink is paused it waits, and goes on with it.
      const paused = await copy.begin({ from: 'start', rate: 1 });
      await copy.until(paused.id, 'to have sent some', ({ records }) => records > 0);
      await copy.rest.change('PUT', `/connectors/${copy.name}/pause`);
      const { records: sent } = await copy.until(paused.id, 'to wait', ({ phase }) => phase === 'waiting');
      await copy.rest.change('PUT', `/connectors/${copy.name}/resume`);
      await copy.until(paused.id, 'to go on', ({ state, phase, records }) => state === 'RUNNING' && phase === 'sending' && records > sent);
      assert.equal((await copy.stop(paused.id)).state, 'STOPPED');
    });

    test('that cannot be is refused, with the reason', async () => {
      const refused = async (request: object, message: RegExp) => {
        await assert.rejects(copy.begin(request), { status: 400, message }, JSON.stringify(request));
        await assert.rejects(copy.measure(request), { status: 400, message }, JSON.stringify(request));
      };
      await refused({}, /'from' is missing/);
      await refused({ from: 'start', form: 'x' }, /no 'form'; did you mean 'from'/);
      await refused({ from: 'yesterday' }, /'from' is start, end, a time/);
      await refused({ from: Math.round(timeOf(0) / 1000) }, /looks like seconds/);
      await refused({ from: timeOf(10), to: timeOf(5) }, /'from' lies behind 'to'/);
      await refused({ from: `${topic}-0:5`, to: `${topic}-0:3` }, /'from' lies behind 'to'/);
      await refused({ from: `${topic}-7:5` }, /not among the sink's topics/);
      await refused({ from: `${topic}-0:5000` }, /which ends at/);
      await refused({ from: 'mysql-bin.000003:4' }, /do not tell where they are/);
      await refused({ from: 'start', tables: ['itmes'] }, /no topic or table 'itmes'/);
      await refused({ from: 'start', keys: [{ ident: 5 }] }, /Entry 0 of 'keys' \(ident\) is no key here. The keys are of .*: id/);
      await refused({ from: 'start', keys: [null] }, /no key/);
      await refused({ from: 'start', rate: 0 }, /'rate' is a number of records a second/);
      await assert.rejects(copy.view('4711'), { status: 404 });
      await assert.rejects(new ReplayingSink(daemon, 'nobody').begin({ from: 'start' }), { status: 404 });
      await views.rest.stop(views.name);
      await assert.rejects(views.begin({ from: 'start' }), { status: 400, message: /is STOPPED; a replay goes beside a sink that runs/ });
      await views.rest.resume(views.name);
    });

    test('sluice log reads the same part of the log', async () => {
      const read = async (...args: readonly string[]) => {
        const { code, out, err } = await runCommand(['log', topic, '-c', daemon.workerFile, '--format', 'ndjson', ...args]);
        assert.deepEqual([code, err], [0, '']);
        return out.split('\n').filter(line => line !== '').length;
      };
      assert.equal(await read('--from', String(timeOf(keys)), '--to', new Date(timeOf(keys + 10)).toISOString()), 10);
      assert.equal(await read('--from', '3', '--to', '5'), 2 * partitions);
      assert.equal(await read('--from', `${topic}-1:3`, '--to', `${topic}-1:5`), 2);
      assert.equal(await read('--to', 'start'), 0);
      assert.equal((await runCommand(['log', topic, '-c', daemon.workerFile, '--to', 'end', '--follow'])).code, 1);
    });

    test('by command line: a dry run, a run with its end, the list', async () => {
      const run = (...args: readonly string[]) => runCommand(['replay', copy.name, ...args, '-u', daemon.url]);
      const dry = await run('--from', 'start', '--key', '1,2,5', '--dry-run');
      assert.deepEqual([dry.code, /4 records, .* would be sent/.test(dry.out)], [0, true], dry.out + dry.err);
      copied.run("update items set name = 'wrong' where id in (1, 2)");
      const done = await run('--from', 'start', '--key', '{"id": 1}', '--table', topic);
      assert.deepEqual([done.code, /completed {2}1 of 1 records/.test(done.out)], [0, true], done.out + done.err);
      assert.deepEqual(wrongIn(copied), [2]);
      assert.equal((await run('--from', 'start', '--key', '2')).code, 0);
      assert.deepEqual(wrongIn(copied), []);
      assert.match((await run('list')).out, /completed/);
      const refused = await run('--from', 'never');
      assert.deepEqual([refused.code, /'from' is start, end/.test(refused.err)], [1, true]);
    });
  });
}

const plain = ({ id, n, name }: Item) => ({ __proto__: null, id, n, name });

function wrongIn(tables: Tables): readonly number[] {
  return tables.rows('items').flatMap(({ id, name }) => (name === 'wrong' ? [id] : []));
}

function viewsOf(topic: string): string {
  return `
tables:
  items:
    topic: ${topic}
    key: id
    columns: { id: integer, n: integer, name: text }
views:
  items_view:
    key: id
    from: { items: id }
    select: select id, n, name from items
`;
}
