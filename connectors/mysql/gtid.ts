import { SluiceError } from '../../src/contract/index.ts';

/** Numbers from `first` to `last`, both included. */
type Interval = { readonly first: bigint; readonly last: bigint };

/** By source (`uuid`, `uuid:tag`), lower case; the intervals sorted and apart from each other. */
type Intervals = ReadonlyMap<string, readonly Interval[]>;

function invalid(text: string): SluiceError {
  return new SluiceError('CONFIG_INVALID', `"${text.slice(0, 100)}" is not a set of GTIDs.`);
}

/** Sorted, with touching intervals joined. */
function normalized(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const joined: Interval[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    if (last === undefined || next.first > last.last + 1n) joined.push(next);
    else if (next.last > last.last) joined[joined.length - 1] = { first: last.first, last: next.last };
  }
  return joined;
}

const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/;
const tag = /^[a-z_][a-z0-9_]{0,31}$/;
const interval = /^(\d{1,19})(?:-(\d{1,19}))?$/;

/**
 * A set of MySQL's GTIDs, as `gtid_executed` has it: `uuid:1-5:7,uuid:tag:1-3`. Immutable; the text form is the server's own: sources in
 * order, untagged before tagged.
 */
export class MysqlGtidSet {
  readonly #sources: Intervals;

  private constructor(sources: Intervals) {
    this.#sources = sources;
  }

  static readonly empty = new MysqlGtidSet(new Map());

  /** Throws CONFIG_INVALID. Blanks and line ends, which the server puts between sources, are skipped. */
  static parse(text: string): MysqlGtidSet {
    const sources = new Map<string, Interval[]>();
    for (const part of text.toLowerCase().replaceAll(/\s/g, '').split(',')) {
      if (part === '') continue;
      const [source, ...rest] = part.split(':');
      if (!uuid.test(source!)) throw invalid(text);
      let key = source!;
      for (const piece of rest) {
        const match = interval.exec(piece);
        if (match === null) {
          if (!tag.test(piece)) throw invalid(text);
          key = `${source}:${piece}`;
          continue;
        }
        const first = BigInt(match[1]!);
        const last = BigInt(match[2] ?? match[1]!);
        if (first < 1n) throw invalid(text);
        if (last < first) continue; // the server accepts and ignores an empty interval
        const intervals = sources.get(key) ?? [];
        intervals.push({ first, last });
        sources.set(key, intervals);
      }
    }
    return new MysqlGtidSet(new Map([...sources].map(([key, intervals]) => [key, normalized(intervals)])));
  }

  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** With one more: `uuid:17` or `uuid:tag:17`. Cheap where it is the next of its source. */
  with(gtid: string): MysqlGtidSet {
    const split = gtid.lastIndexOf(':');
    const key = gtid.slice(0, split);
    const number = BigInt(gtid.slice(split + 1));
    const intervals = this.#sources.get(key) ?? [];
    const last = intervals.at(-1);
    const next =
      last !== undefined && number === last.last + 1n
        ? [...intervals.slice(0, -1), { first: last.first, last: number }]
        : normalized([...intervals, { first: number, last: number }]);
    return new MysqlGtidSet(new Map(this.#sources).set(key, next));
  }

  /** Whether one GTID is in it: `uuid:17` or `uuid:tag:17`. */
  includes(gtid: string): boolean {
    const split = gtid.lastIndexOf(':');
    const number = BigInt(gtid.slice(split + 1));
    return this.#sources.get(gtid.slice(0, split))?.some(({ first, last }) => first <= number && number <= last) ?? false;
  }

  union(other: MysqlGtidSet): MysqlGtidSet {
    const sources = new Map(this.#sources);
    for (const [key, intervals] of other.#sources) sources.set(key, normalized([...(sources.get(key) ?? []), ...intervals]));
    return new MysqlGtidSet(sources);
  }

  /** What is in this one and not in the other. */
  subtract(other: MysqlGtidSet): MysqlGtidSet {
    const sources = new Map<string, readonly Interval[]>();
    for (const [key, intervals] of this.#sources) {
      let left: readonly Interval[] = intervals;
      for (const { first, last } of other.#sources.get(key) ?? []) {
        left = left.flatMap(own => {
          if (last < own.first || first > own.last) return [own];
          const before = own.first < first ? [{ first: own.first, last: first - 1n }] : [];
          const after = own.last > last ? [{ first: last + 1n, last: own.last }] : [];
          return [...before, ...after];
        });
      }
      if (left.length > 0) sources.set(key, left);
    }
    return new MysqlGtidSet(sources);
  }

  /** Every GTID of the other one is in this one. */
  contains(other: MysqlGtidSet): boolean {
    return other.subtract(this).isEmpty;
  }

  /** Only the sources whose UUID passes (`gtid.source.includes`, `gtid.source.excludes`). */
  retain(keeps: (uuid: string) => boolean): MysqlGtidSet {
    return new MysqlGtidSet(new Map([...this.#sources].filter(([key]) => keeps(key.split(':')[0]!))));
  }

  /** As the server writes it, in one line. */
  toString(): string {
    const keys = [...this.#sources.keys()].sort();
    let text = '';
    let uuid = '';
    for (const key of keys) {
      const [source, label] = key.split(':');
      text += source === uuid ? `:${label}` : `${text === '' ? '' : ','}${key}`;
      uuid = source!;
      for (const { first, last } of this.#sources.get(key)!) text += first === last ? `:${first}` : `:${first}-${last}`;
    }
    return text;
  }

  /** As COM_BINLOG_DUMP_GTID takes it (sql/rpl_gtid_set.cc, Gtid_set::encode): the ends of intervals are exclusive. */
  encode(): Buffer {
    const keys = [...this.#sources.keys()].sort();
    const tagged = keys.some(key => key.includes(':'));
    const parts: Buffer[] = [];
    const number = (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(value);
      parts.push(bytes);
    };
    // With tags the number of sources stands between two bytes that say so.
    number(tagged ? (1n << 56n) | (BigInt(keys.length) << 8n) | 1n : BigInt(keys.length));
    for (const key of keys) {
      const [source, label = ''] = key.split(':');
      parts.push(Buffer.from(source!.replaceAll('-', ''), 'hex'));
      if (tagged) parts.push(Buffer.from([label.length << 1]), Buffer.from(label, 'latin1'));
      const intervals = this.#sources.get(key)!;
      number(BigInt(intervals.length));
      for (const { first, last } of intervals) {
        number(first);
        number(last + 1n);
      }
    }
    return Buffer.concat(parts);
  }
}
