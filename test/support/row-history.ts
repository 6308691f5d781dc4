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
  readonly #followed: (topic: string) => boolean;
  readonly faults: string[] = [];
  readonly operations = new Map<string, number>();

  /** `followed`: the topics of tables. */
  constructor(followed: (topic: string) => boolean = topic => topic.includes('.public.')) {
    this.#followed = followed;
  }

  apply(record: ConnectRecord): void {
    if (!(record.value instanceof Struct)) return;
    const { key, value } = record;
    this.#follow(
      record.topic,
      String(value.get('op')),
      contentOf(key) ?? '',
      contentOf(value.get('before')),
      contentOf(value.get('after')),
    );
  }

  /** The same for a record as a JsonConverter without schemas wrote it. */
  applyWritten({ topic, key, value }: { readonly topic: string; readonly key: string; readonly value: string | null }): void {
    if (value === null || value === 'null') return; // a tombstone
    const { op, before, after } = JSON.parse(value) as { op: string; before: object | null; after: object | null };
    const content = (row: object | null) => (row === null ? undefined : JSON.stringify(Object.values(row)));
    this.#follow(topic, op, key, content(before), content(after));
  }

  #follow(topic: string, op: string, content: string, before: string | undefined, after: string | undefined): void {
    if (!this.#followed(topic)) return;
    this.operations.set(op, (this.operations.get(op) ?? 0) + 1);
    const key = `${topic} ${content}`;
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
