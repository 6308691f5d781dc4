/** A row by its columns. */
export type Row = Readonly<Record<string, unknown>>;

export const tables = ['users', 'products', 'orders'] as const;
export type Table = (typeof tables)[number];

/** The demo's shop, on whichever database. Rows are told by their `id`; every change answers how many rows it changed. */
export interface Shop extends AsyncDisposable {
  /** Of the connector's file: where its database is. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes the tables. */
  create(): Promise<void>;
  insert(table: Table, rows: readonly Row[]): Promise<number>;
  update(table: Table, ids: readonly number[], set: Row): Promise<number>;
  remove(table: Table, ids: readonly number[]): Promise<number>;
  /** Everything in between is committed together, or not at all. Not within itself. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  rows(table: Table): Promise<readonly Row[]>;
}

export const userCount = 200;
export const productCount = 50;
export const orderCount = 20;

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
export const emailOf = (id: number, change = 0) => `customer${id}${change === 0 ? '' : `.${change}`}@example.com`;
export const priceOf = (product: number) => 500 + product * 137;
export const user = (id: number, name: string): Row => ({ id, name, email: emailOf(id), status: 'new', preferences: '{}' });

/** What is in the shop before the connector starts: its snapshot. */
export async function fill(shop: Shop): Promise<number> {
  const placed = range(orderCount).map(id => ({
    id,
    customer_id: id,
    product_id: id,
    quantity: 1,
    total_cents: priceOf(id),
    state: 'placed',
  }));
  const users = range(userCount).map(id => user(id, `Customer ${id}`));
  const products = range(productCount).map(id => ({ id, name: `Product ${id}`, price_cents: priceOf(id), stock: 1_000_000 }));
  return (await shop.insert('users', users)) + (await shop.insert('products', products)) + (await shop.insert('orders', placed));
}
