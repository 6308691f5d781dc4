import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Row } from './shop.ts';
import type { Customer } from './workload.ts';

/** Customers as the database has them, by id. */
export type Customers = ReadonlyMap<number, Customer & { readonly spentCents: number }>;

/** Something that follows the shop, looked at as its own readers do. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  /** It shows nothing of what was there before the first change. */
  readonly changesOnly?: true;
  /** What an application does with a customer before the change. */
  prepare?(customer: Customer): Promise<void>;
  /** Whether it shows the customer as it is now. Throws where it is not there yet. */
  shows(customer: Customer): boolean | Promise<boolean>;
  /** What it holds otherwise than the database, in words. */
  differences(customers: Customers): readonly string[] | Promise<readonly string[]>;
}

/** Files of SQLite are opened once the daemon has made them. */
class SqliteFile implements Disposable {
  readonly #file: string;
  #database: DatabaseSync | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  rows(sql: string, ...values: (string | number)[]): readonly Row[] {
    this.#database ??= new DatabaseSync(this.#file, { readOnly: true, timeout: 1000 });
    return this.#database.prepare(sql).all(...values);
  }

  [Symbol.dispose](): void {
    this.#database?.close();
  }
}

/** The view `customer_orders` of the order flow. */
export class View implements Target {
  readonly name = 'view';
  readonly #file: SqliteFile;

  constructor(folder: string) {
    this.#file = new SqliteFile(join(folder, 'views.db'));
  }

  shows({ id, email, orders }: Customer): boolean {
    const [row] = this.#file.rows('select email, orders from customer_orders where customer_id = ?', id);
    return row?.['email'] === email && Number(row['orders']) === orders;
  }

  differences(customers: Customers): readonly string[] {
    const rows = this.#file.rows('select customer_id, email, orders, spent_cents from customer_orders');
    const wrong = rows.filter(row => {
      const customer = customers.get(Number(row['customer_id']));
      const same = customer?.email === row['email'] && customer?.orders === Number(row['orders']);
      return !same || customer?.spentCents !== Number(row['spent_cents']);
    });
    const missing = rows.length === customers.size ? [] : [`it has ${rows.length} rows for ${customers.size} customers`];
    return [...missing, ...wrong.map(row => `customer ${row['customer_id']} differs`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
  }
}

/** The full-text index of the user flow without servers. */
export class LocalIndex implements Target {
  readonly name = 'index';
  readonly #file: SqliteFile;

  constructor(folder: string) {
    this.#file = new SqliteFile(join(folder, 'user-index.db'));
  }

  shows({ id, email }: Customer): boolean {
    return this.#file.rows('select email from users where rowid = ?', id)[0]?.['email'] === email;
  }

  differences(customers: Customers): readonly string[] {
    return indexDifferences(
      new Map(this.#file.rows('select rowid as id, email from users').map(row => [Number(row['id']), row['email']])),
      customers,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
  }
}

/** Whether an index of addresses by id holds all customers and nobody else. */
export function indexDifferences(indexed: ReadonlyMap<number, unknown>, customers: Customers): readonly string[] {
  const faults: string[] = [];
  for (const [id, { email }] of customers) if (indexed.get(id) !== email) faults.push(`customer ${id} differs or is missing`);
  for (const id of indexed.keys()) if (!customers.has(id)) faults.push(`customer ${id} is in it, and gone from the database`);
  return faults;
}

/** Customers that a cache has otherwise than the database; it need not have all. */
export function staleIn(cached: readonly Customer[], customers: Customers): readonly string[] {
  return cached.filter(({ id, email }) => customers.get(id)?.email !== email).map(({ id }) => `customer ${id} is stale`);
}

/** The cache of the user flow without servers: a file a customer, written by whoever reads one, and evicted when it changes. */
export class LocalCache implements Target {
  readonly name = 'cache';
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'cache');
  }

  #file(id: number): string {
    return join(this.#folder, `user-${id}.json`);
  }

  async prepare(customer: Customer): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#file(customer.id), JSON.stringify(customer));
  }

  shows({ id }: Customer): boolean {
    return !existsSync(this.#file(id));
  }

  async differences(customers: Customers): Promise<readonly string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    const cached = await Promise.all(files.map(async file => JSON.parse(await readFile(join(this.#folder, file), 'utf8')) as Customer));
    return staleIn(cached, customers);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
