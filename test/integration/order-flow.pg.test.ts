import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { newDaemon } from '../support/daemon.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '..', '..');
const flow = join(root, 'config', 'examples', 'order-flow');

/** The view, as Postgres computes it of the tables themselves. */
const oracle = `
  select u.id::int as customer_id, u.name, u.email, count(o.id)::int as orders, coalesce(sum(o.total_cents), 0)::int as spent_cents,
         coalesce(sum(case when o.state = 'placed' then 1 else 0 end), 0)::int as open_orders
  from users u left join orders o on o.customer_id = u.id group by u.id, u.name, u.email order by u.id`;

test('the order flow of the examples: the view by customer follows the shop', { timeout: 240_000 }, async () => {
  await using resources = new AsyncDisposableStack();
  using scratch = new ScratchFolder('order-flow');
  const server = await sharedPostgres(18);
  const database = resources.use(await freshDatabase(server));
  await database.run(readFileSync(join(flow, 'shop.sql'), 'utf8'));
  await database.run(`
    insert into users (id, name, email, status) select n, 'Customer ' || n, 'c' || n || '@example.com', 'new' from generate_series(1, 50) n;
    insert into products select n, 'Product ' || n, n * 100, 10 from generate_series(1, 10) n;
    insert into orders select n, n % 50 + 1, n % 10 + 1, 1, n * 10, 'placed' from generate_series(1, 200) n`);
  const daemon = resources.use(await newDaemon({}));
  daemon.workingFolder = root;
  daemon.workerFile = join(flow, 'worker.yaml');
  daemon.environment = {
    LISTENERS: daemon.url,
    DATABASE_HOST: server.host,
    DATABASE_PORT: String(server.port),
    DATABASE_USER: server.user,
    DATABASE_PASSWORD: server.password,
    DATABASE_NAME: database.name,
    DATA_FOLDER: scratch.path,
  };
  await daemon.start();

  const view = () => {
    if (!existsSync(scratch.file('views.db'))) return [];
    const opened = new DatabaseSync(scratch.file('views.db'), { readOnly: true, timeout: 1000 });
    try {
      const columns = 'customer_id, name, email, orders, spent_cents, coalesce(open_orders, 0) as open_orders';
      return opened
        .prepare(`select ${columns} from customer_orders order by customer_id`)
        .all()
        .map(row => ({ ...row }));
    } catch {
      return []; // it has not been made
    } finally {
      opened.close();
    }
  };
  const follows = async () => {
    const { rows } = await database.client.query(oracle);
    const same = () => JSON.stringify(view()) === JSON.stringify(rows);
    await until(same, { what: 'the view to follow', timeoutMs: 60_000 }).catch(() => assert.deepEqual(view(), rows, daemon.log()));
  };
  await until(() => view().length === 50, { what: 'the view to be made', timeoutMs: 60_000 }).catch(() => assert.fail(daemon.log()));
  await follows();
  await database.run("update orders set state = 'shipped' where id % 3 = 0");
  await database.run('update orders set customer_id = 7 where id % 10 = 1'); // from one key of the view to another
  await database.run("update users set name = 'Anne' where id = 7; delete from users where id = 9");
  await database.run("insert into users (id, name, email, status) values (51, 'New', 'new@example.com', 'new')");
  await follows();
  assert.equal(view().length, 50);
});
