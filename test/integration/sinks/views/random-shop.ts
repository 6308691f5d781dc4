import { recordVersion, type Schema, type SinkRecord, Struct, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { seeded } from '../../../conformance/sink-suite/model.ts';

type Cell = string | number | null;
export type SourceRow = Readonly<Record<string, Cell>>;

const { int64, int32, optionalString, optionalInt64, optionalInt32, string } = schemas;

/** The source's tables: their topics, keys and columns. */
export const sourceTables = {
  customers: { key: ['id'], columns: { id: int64, name: optionalString, region: optionalString } },
  orders: { key: ['id'], columns: { id: int64, customer_id: optionalInt64, status: string, total: optionalInt32 } },
  lines: { key: ['order_id', 'line'], columns: { order_id: int64, line: int32, product: string, amount: int32 } },
} as const satisfies Readonly<Record<string, { readonly key: readonly string[]; readonly columns: Readonly<Record<string, Schema>> }>>;

export type SourceTable = keyof typeof sourceTables;
export const tableNames = Object.keys(sourceTables) as SourceTable[];

const keySchemas = new Map<SourceTable, Schema>();
const rowSchemas = new Map<SourceTable, Schema>();
for (const name of tableNames) {
  const { key, columns } = sourceTables[name];
  const fields = Object.entries<Schema>(columns);
  keySchemas.set(
    name,
    structSchema(
      fields.filter(([field]) => (key as readonly string[]).includes(field)),
      { name: `${name}.Key` },
    ),
  );
  rowSchemas.set(name, structSchema(fields, { name: `${name}.Value` }));
}

function struct(schema: Schema, row: SourceRow): Struct {
  const value = (cell: Cell | undefined, of: Schema): Value =>
    typeof cell === 'number' && of.type === 'int64' ? BigInt(cell) : (cell ?? null);
  return new Struct(
    schema,
    schema.fields.map(field => value(row[field.name], field.schema)),
  );
}

/** A source whose tables change at random: rows come, change, move to another key and go. Each change is a record of its topic. */
export class RandomShop {
  readonly rows = new Map<SourceTable, Map<string, SourceRow>>(tableNames.map(name => [name, new Map()]));
  readonly records: SinkRecord[] = [];
  readonly #random: () => number;
  readonly #offsets = new Map<SourceTable, bigint>();

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  change(): void {
    const table = this.#pick(tableNames);
    const row = this.#row(table);
    const key = sourceTables[table].key.map(name => String(row[name])).join('/');
    const rows = this.rows.get(table)!;
    if (rows.has(key) && this.below(10) < 3) {
      rows.delete(key);
      this.#record(table, row, this.below(2) === 0 ? null : { ...row, __deleted: 'true' });
      return;
    }
    rows.set(key, row);
    this.#record(table, row, row);
  }

  #row(table: SourceTable): SourceRow {
    const id = 1 + this.below(12);
    switch (table) {
      case 'customers':
        return { id: 1 + this.below(8), name: `name ${this.below(5)}`, region: this.#pick(['north', 'south', null]) };
      case 'orders':
        return {
          id,
          customer_id: this.below(12) === 0 ? null : 1 + this.below(8),
          status: this.#pick(['open', 'shipped', 'cancelled']),
          total: this.below(10) === 0 ? null : this.below(100),
        };
      case 'lines':
        return { order_id: id, line: 1 + this.below(3), product: `product ${this.below(4)}`, amount: this.below(20) };
    }
  }

  #record(table: SourceTable, row: SourceRow, value: SourceRow | null): void {
    const offset = this.#offsets.get(table) ?? 0n;
    this.#offsets.set(table, offset + 1n);
    const topic = `shop.${table}`;
    const schema = value === null || '__deleted' in value ? null : rowSchemas.get(table)!;
    this.records.push({
      topic,
      partition: 0,
      timestamp: 0,
      keySchema: keySchemas.get(table)!,
      key: struct(keySchemas.get(table)!, row),
      valueSchema: schema,
      value: value === null ? null : schema === null ? new Map<string, Value>(Object.entries(value)) : struct(schema, value),
      headers: [],
      place: { topic, partition: 0, offset },
      version: recordVersion(1, offset),
    });
  }
}
