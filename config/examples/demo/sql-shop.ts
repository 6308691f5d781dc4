import { readFile } from 'node:fs/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Row, Shop, Table } from './shop.ts';

/** What the databases do not have in common. */
type Dialect = {
  readonly environment: Readonly<Record<string, string>>;
  readonly layout: URL;
  /** Runs statements; answers how many rows the last one changed. */
  run(sql: string): Promise<number>;
  query(sql: string): Promise<readonly Row[]>;
  end(): Promise<void>;
};

const literal = (value: unknown) => (typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`);

/** The shop in Postgres, MySQL or MariaDB. Its values are its own, so they stand in the statements. */
class SqlShop implements Shop {
  readonly environment: Readonly<Record<string, string>>;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.environment = dialect.environment;
  }

  async create(): Promise<void> {
    await this.#dialect.run(await readFile(this.#dialect.layout, 'utf8'));
  }

  insert(table: Table, rows: readonly Row[]): Promise<number> {
    const values = rows.map(row => `(${Object.values(row).map(literal).join(', ')})`);
    return this.#dialect.run(`insert into ${table} (${Object.keys(rows[0]!).join(', ')}) values ${values.join(', ')}`);
  }

  update(table: Table, ids: readonly number[], set: Row): Promise<number> {
    const changes = Object.entries(set).map(([name, value]) => `${name} = ${literal(value)}`);
    return this.#dialect.run(`update ${table} set ${changes.join(', ')} where id in (${ids.join(', ')})`);
  }

  remove(table: Table, ids: readonly number[]): Promise<number> {
    return this.#dialect.run(`delete from ${table} where id in (${ids.join(', ')})`);
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#dialect.run('begin');
    const done = await work();
    await this.#dialect.run('commit');
    return done;
  }

  rows(table: Table): Promise<readonly Row[]> {
    return this.#dialect.query(`select * from ${table}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dialect.end();
  }
}

/** The parts of a URL, as the placeholders of a connector's file name them. */
function environmentOf(url: URL, database: string): Readonly<Record<string, string>> {
  return {
    DATABASE_HOST: url.hostname,
    DATABASE_PORT: url.port,
    DATABASE_USER: decodeURIComponent(url.username),
    DATABASE_PASSWORD: decodeURIComponent(url.password),
    DATABASE_NAME: database,
  };
}

const database = 'shop';

export async function postgresShop(address: string): Promise<Shop> {
  const url = new URL(address);
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`create database ${database}`);
  await admin.end();
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => {}); // the statement that follows tells of it
  await client.connect();
  return new SqlShop({
    environment: environmentOf(url, database),
    layout: new URL('../order-flow/shop.sql', import.meta.url),
    async run(sql) {
      const results = await client.query(sql);
      return (Array.isArray(results) ? results.at(-1) : results)?.rowCount ?? 0;
    },
    async query(sql) {
      const { rows } = await client.query<{ row: Row }>(`select row_to_json(t) as row from (${sql}) t`);
      return rows.map(({ row }) => row);
    },
    end: () => client.end(),
  });
}

/** The database has the name of Postgres' schema, so that the topics have the same names: shop.public.users. */
export async function mysqlShop(address: string): Promise<Shop> {
  const url = new URL(address);
  const settings = { host: url.hostname, port: Number(url.port || 3306), user: decodeURIComponent(url.username) };
  const client = await mysql.createConnection({
    ...settings,
    password: decodeURIComponent(url.password),
    multipleStatements: true,
    timezone: 'Z',
  });
  await client.query('create database public; use public');
  return new SqlShop({
    environment: { ...environmentOf(url, 'public'), DATABASE_PORT: String(settings.port) },
    layout: new URL('shop.mysql.sql', import.meta.url),
    async run(sql) {
      const [result] = await client.query(sql);
      return 'affectedRows' in result ? result.affectedRows : 0;
    },
    async query(sql) {
      const [rows] = await client.query<mysql.RowDataPacket[]>(sql);
      return rows;
    },
    end: () => client.end(),
  });
}
