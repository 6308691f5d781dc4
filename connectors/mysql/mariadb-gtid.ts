import { SluiceError } from '../../src/contract/index.ts';

type MariadbGtid = { readonly domain: number; readonly serverId: number; readonly sequence: bigint };

const form = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

function parseGtid(text: string): MariadbGtid {
  const match = form.exec(text.trim());
  if (match === null) throw new SluiceError('CONFIG_INVALID', `"${text.slice(0, 100)}" is not a GTID of MariaDB.`);
  return { domain: Number(match[1]), serverId: Number(match[2]), sequence: BigInt(match[3]!) };
}

/**
 * A position in MariaDB's GTIDs, as `gtid_binlog_pos` has it: the last one of each domain, `0-1-17,1-2-5`. Immutable. Debezium keeps one for each
 * domain and server; here too, since a stored position may hold both.
 */
export class MariadbGtidSet {
  /** By `domain-server`. */
  readonly #last: ReadonlyMap<string, MariadbGtid>;

  private constructor(last: ReadonlyMap<string, MariadbGtid>) {
    this.#last = last;
  }

  static readonly empty = new MariadbGtidSet(new Map());

  /** Throws CONFIG_INVALID. */
  static parse(text: string): MariadbGtidSet {
    let set = MariadbGtidSet.empty;
    for (const part of text.split(',')) if (part.trim() !== '') set = set.with(part.trim());
    return set;
  }

  get isEmpty(): boolean {
    return this.#last.size === 0;
  }

  /** With one more: the last of its domain and server from now on. */
  with(gtid: string): MariadbGtidSet {
    const parsed = parseGtid(gtid);
    const key = `${parsed.domain}-${parsed.serverId}`;
    const known = this.#last.get(key);
    if (known !== undefined && known.sequence >= parsed.sequence) return this;
    return new MariadbGtidSet(new Map(this.#last).set(key, parsed));
  }

  /** Of each domain only the highest: what a server takes for a position (`@slave_connect_state`). */
  position(): string {
    const highest = new Map<number, MariadbGtid>();
    for (const gtid of this.#last.values()) {
      const known = highest.get(gtid.domain);
      if (known === undefined || known.sequence < gtid.sequence) highest.set(gtid.domain, gtid);
    }
    return [...highest.values()]
      .sort((a, b) => a.domain - b.domain)
      .map(written)
      .join(',');
  }

  /** Every GTID of the other one is in this one, by domain: within one, sequence numbers only rise. */
  contains(other: MariadbGtidSet): boolean {
    const highest = new Map<number, bigint>();
    for (const { domain, sequence } of this.#last.values()) {
      if (sequence > (highest.get(domain) ?? -1n)) highest.set(domain, sequence);
    }
    return [...other.#last.values()].every(({ domain, sequence }) => (highest.get(domain) ?? -1n) >= sequence);
  }

  /** Only the servers that pass (`gtid.source.includes`, `gtid.source.excludes`), written `domain-server`. */
  retain(keeps: (source: string) => boolean): MariadbGtidSet {
    return new MariadbGtidSet(new Map([...this.#last].filter(([key]) => keeps(key))));
  }

  toString(): string {
    return [...this.#last.values()]
      .sort((a, b) => a.domain - b.domain || a.serverId - b.serverId)
      .map(written)
      .join(',');
  }
}

function written({ domain, serverId, sequence }: MariadbGtid): string {
  return `${domain}-${serverId}-${sequence}`;
}
