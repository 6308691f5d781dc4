import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import type { MysqlAddress, MysqlFlavor } from '../services/mysql.ts';
import { connectMysql, type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { SourceRun } from '../support/source-run.ts';
import { rows } from './incremental-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
const chunkRows = '100';

/** A database with a table `items` to be read, and one for signals. */
export async function itemsDatabase(server: MysqlAddress): Promise<FreshMysqlDatabase> {
  const database = await freshMysqlDatabase(server);
  const values = Array.from({ length: rows }, (_, n) => `(${n + 1}, 0, repeat('x', 50))`);
  await database.run(`
    create table signals(id varchar(42) primary key, type varchar(32) not null, data varchar(2048));
    create table items(id int primary key, v bigint not null, pad text);
    insert into items values ${values.join(', ')};`);
  return database;
}

export function mysqlRunOf(
  flavor: MysqlFlavor,
  server: MysqlAddress,
  { name }: FreshMysqlDatabase,
  options: Readonly<Record<string, string>>,
) {
  const config = { 'snapshot.mode': 'no_data', 'incremental.snapshot.chunk.size': chunkRows, ...options };
  return new SourceRun({ ...mysqlSourceOptions(server, name), ...config }, connectors[flavor]);
}

export const signalTableOf = ({ name }: FreshMysqlDatabase) => ({ 'signal.data.collection': `${name}.signals` });

export async function insertSignal({ connection }: FreshMysqlDatabase, id: string, type: string, data: string): Promise<void> {
  await connection.query('insert into signals values (?, ?, ?)', [id, type, data]);
}

/** Changes `items` by chance until it is told to rest; each row's `v` rises. */
export function changingItems(server: MysqlAddress, { name }: FreshMysqlDatabase, seed: number): { rest(): Promise<void> } {
  const random = randomOf(seed);
  let busy = true;
  let version = 0;
  const load = (async () => {
    await using client = await connectMysql(server, { database: name });
    while (busy) {
      await client.query('begin');
      for (let n = random(4); n >= 0; n--) {
        const id = 1 + random(rows);
        const kind = random(10);
        if (kind < 7) await client.query('update items set v = ? where id = ?', [++version, id]);
        else if (kind < 8) await client.query('delete from items where id = ?', [id]);
        else await client.query('insert into items(id, v) values (?, ?) on duplicate key update v = values(v)', [id, ++version]);
      }
      await client.query(random(10) === 0 ? 'rollback' : 'commit');
    }
  })();
  load.catch(() => {});
  return {
    async rest() {
      busy = false;
      await load;
    },
  };
}
