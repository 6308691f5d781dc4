import { type ConnectRecord, Struct } from '../../src/contract/index.ts';

/**
 * Follows rows (`id`, `v`) whose `v` rises with each change: what is published of a row must never be older than what was published before,
 * nor bring back a row that was deleted since. That a row is published twice as it is does no harm.
 */
export class VersionedRows {
  readonly #rows = new Map<string, { readonly v: bigint; readonly there: boolean }>();
  readonly faults: string[] = [];
  readonly operations = new Map<string, number>();

  apply({ value }: ConnectRecord): void {
    if (!(value instanceof Struct)) return;
    const op = String(value.get('op'));
    this.operations.set(op, (this.operations.get(op) ?? 0) + 1);
    const row = value.get(op === 'd' ? 'before' : 'after') as Struct;
    const [id, v] = [String(row.get('id')), BigInt(Number(row.get('v')))];
    const known = this.#rows.get(id);
    if (known !== undefined && (v < known.v || (!known.there && v === known.v)))
      this.faults.push(`${op} of ${id} at version ${v}, after ${known.there ? 'version' : 'the deletion of'} ${known.v}`);
    this.#rows.set(id, { v, there: op !== 'd' });
  }

  /** `id:v` of the rows that the records lead to, sorted. */
  get rows(): readonly string[] {
    return [...this.#rows].flatMap(([id, { v, there }]) => (there ? [`${id}:${v}`] : [])).sort();
  }
}
