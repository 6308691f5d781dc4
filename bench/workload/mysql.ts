import { randomInt } from 'node:crypto';
import type mysql from 'mysql2/promise';
import type { MysqlServer } from '../../test/services/mysql.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../../test/support/fresh-mysql-database.ts';
import type { Backlog, BenchDatabase, RunStart, Surroundings } from './bench-database.ts';

/** Durable, as a server is that somebody relies on; the sizes are those of a small production server. */
export const mysqlSettings = {
  'sync-binlog': '1',
  'innodb-flush-log-at-trx-commit': '1',
  'innodb-doublewrite': '1',
  'innodb-buffer-pool-size': '512M',
  'innodb-redo-log-capacity': '2G',
  'binlog-row-image': 'FULL',
  'binlog-row-metadata': 'FULL',
  'binlog-expire-logs-seconds': '0',
} as const;

/** An order of ten columns, as in the other databases; an update's row event has it twice, before and after. */
const columns = `(
  id bigint primary key, customer_id bigint not null, product varchar(100) not null, quantity integer not null, price decimal(10,2) not null,
  status varchar(20) not null, paid boolean not null, created_at timestamp(6) not null, attributes json not null, note text not null
)`;

const rows = `select n, n * 7919 % 100000, concat('Product number ', n % 5000), n % 9 + 1, n % 100000 / 100 + 1,
  elt(n % 5 + 1, 'placed', 'paid', 'packed', 'shipped', 'delivered'), n % 2 = 0, timestamp '2026-01-01 00:00:00' + interval n second,
  json_object('channel', 'web', 'priority', n % 3, 'warehouse', concat('north-', n % 12), 'gift', if(n % 7 = 0, cast(true as json), cast(false as json))),
  rpad(concat('Please leave the parcel with the neighbours of house ', n, '. '), 285, 'Ring the bell twice and wait a moment. ')`;

/** Rows that one statement makes. */
const rowsPerInsert = 50_000;

type Status = mysql.RowDataPacket & { readonly File: string; readonly Position: number; readonly Executed_Gtid_Set: string };

export class MysqlBench implements BenchDatabase {
  readonly name = 'mysql';
  readonly server: MysqlServer;
  readonly database: FreshMysqlDatabase;

  constructor(server: MysqlServer, database: FreshMysqlDatabase) {
    this.server = server;
    this.database = database;
  }

  static async create(server: MysqlServer): Promise<MysqlBench> {
    return new MysqlBench(server, await freshMysqlDatabase(server, 'bench'));
  }

  get namespace(): string {
    return this.database.name;
  }

  async version(): Promise<string> {
    const [found] = await this.database.connection.query<(mysql.RowDataPacket & { version: string })[]>('select version() as version');
    return found[0]!.version;
  }

  connectorConfig(table: string, { topicPrefix, kafka }: Surroundings): Readonly<Record<string, string>> {
    const { host, port, user, password } = this.server;
    return {
      'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password,
      'database.include.list': this.database.name,
      'table.include.list': `${this.database.name}.${table}`,
      'schema.history.internal.kafka.topic': `schemahistory.${topicPrefix}`,
      ...(kafka !== null && { 'schema.history.internal.kafka.bootstrap.servers': kafka }),
    };
  }

  /** Outside the binlog, which is to hold backlogs alone. */
  async makeTable(table: string, count: number): Promise<void> {
    await this.database.run(`set sql_log_bin = 0, cte_max_recursion_depth = ${rowsPerInsert}`);
    await this.database.run(`create table ${table} ${columns}`);
    for (let first = 1; first <= count; first += rowsPerInsert) {
      const last = Math.min(first + rowsPerInsert - 1, count);
      const numbers = `with recursive numbers as (select ${first} as n union all select n + 1 from numbers where n < ${last})`;
      await this.database.run(`insert into ${table} ${numbers} ${rows} from numbers`);
    }
    await this.database.run('set sql_log_bin = 1');
  }

  /** Each run reads the same binlog from the same place: an offset, as Debezium stores it. */
  async makeBacklog(table: string, count: number, rowsPerTransaction: number): Promise<Backlog> {
    await this.database.run('flush binary logs');
    const [[status]] = await this.database.connection.query<Status[]>('show binary log status');
    const { File: file, Position: pos, Executed_Gtid_Set: gtids } = status!;
    for (let first = 1; first <= count; first += rowsPerTransaction) {
      const last = Math.min(first + rowsPerTransaction - 1, count);
      await this.database.run(
        `update ${table} set status = 'returned', quantity = quantity + 1, paid = not paid where id between ${first} and ${last}`,
      );
    }
    const offset = { file, pos, ...(gtids !== '' && { gtids: gtids.replaceAll('\n', '') }) };
    return {
      begin: async () => ({
        ...this.begin(),
        // With an offset and without a schema history: that is read anew.
        config: { ...this.begin().config, 'snapshot.mode': 'recovery' },
        offset: topicPrefix => ({ partition: { server: topicPrefix }, offset }),
      }),
    };
  }

  begin(): RunStart {
    const config = { 'database.server.id': String(randomInt(10_000, 2 ** 31)) };
    return { config, offset: null, [Symbol.asyncDispose]: async () => {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}
