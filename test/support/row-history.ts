import { type ConnectRecord, Struct, type Value } from '../../src/contract/index.ts';

/** A row's content as text. */
function contentOf(row: Value | undefined): string | undefined {
  if (!(row instanceof Struct)) return undefined;
  return JSON.stringify(row.values, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/**
 * Follows every row of tables with REPLICA IDENTITY FULL through enveloped records: each change carries the row as it was, so one that is
 * missing, doubled or out of order does not fit what came before.
 */
export class RowHistory {
  readonly #rows = new Map<string, string>();
  readonly faults: string[] = [];
  readonly operations = new Map<string, number>();

  apply(record: ConnectRecord): void {
    if (!(record.value instanceof Struct) || !record.topic.includes('.public.')) return;
    const { value } = record;
    const op = String(value.get('op'));
    this.operations.set(op, (this.operations.get(op) ?? 0) + 1);
    const key = `${record.topic} ${contentOf(record.key)}`;
    const [before, after] = [contentOf(value.get('before')), contentOf(value.get('after'))];
    const known = this.#rows.get(key);
    if (known !== before) this.faults.push(`${op} of ${key}: follows ${before?.slice(0, 60)}, but the row was ${known?.slice(0, 60)}`);
    if (after === undefined) this.#rows.delete(key);
    else this.#rows.set(key, after);
  }

  /** The rows the records lead to, by table: how many, and their contents in a fixed order. */
  rowsOf(topic: string): readonly string[] {
    return [...this.#rows]
      .filter(([key]) => key.startsWith(`${topic} `))
      .map(([, content]) => content)
      .sort();
  }
}
