import type { Client } from '@elastic/elasticsearch';
import { SluiceError } from '../../src/contract/index.ts';
import { targetError } from './target-error.ts';

/** Text fields of an entry, by name. */
export type StateEntry = Readonly<Record<string, string>>;

type MultiGet = {
  readonly docs: readonly { readonly found?: boolean; readonly _source?: StateEntry; readonly error?: { readonly type?: string } }[];
};
type Hit = { readonly _id: string; readonly _source: StateEntry; readonly _seq_no?: number; readonly _primary_term?: number };
type Search = { readonly hits: { readonly hits: readonly Hit[] } };

const getMax = 1000;
const hitsMax = 10_000;

/**
 * The hidden index in which sinks keep what Elasticsearch itself forgets. Entries are written at versions, like documents, so that an older
 * one replaces nothing. `scope` groups them, `order` sorts them within it; what they say is text, since versions are larger than numbers are
 * exact.
 */
export class StateIndex {
  readonly name: string;
  readonly #client: Client;
  #there = false;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Makes the index unless it is there. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (this.#there) return;
    const body = {
      settings: { 'index.hidden': true, 'index.number_of_shards': 1, 'index.auto_expand_replicas': '0-1' },
      mappings: { dynamic: false, properties: { scope: { type: 'keyword' }, order: { type: 'long' }, expires: { type: 'long' } } },
    };
    try {
      await this.#client.transport.request({ method: 'PUT', path: `/${encodeURIComponent(this.name)}`, body }, { signal, ignore: [400] });
      this.#there = await this.#client.indices.exists({ index: this.name }, { signal });
    } catch (error) {
      throw targetError(error, `Making the index ${this.name}`, true);
    }
    if (!this.#there) throw new SluiceError('TARGET_REFUSED', `The index ${this.name} (state.index) cannot be made: is its name valid?`);
  }

  /** The lines of a bulk request that write an entry. `expiresMs`: when `prune` may delete it; null: never. */
  lines(id: string, scope: string, version: bigint, entry: StateEntry, expiresMs: number | null = null): string {
    const action = `{"index":{"_index":${JSON.stringify(this.name)},"_id":${JSON.stringify(id)},"version":${version},"version_type":"external"}}`;
    const fields = JSON.stringify({ scope, ...entry });
    const expires = expiresMs === null ? '' : `,"expires":${expiresMs}`;
    return `${action}\n${fields.slice(0, -1)},"order":${version},"version":"${version}"${expires}}\n`;
  }

  /** The entries of these ids as they are now; undefined where there is none. */
  async get(ids: readonly string[], signal: AbortSignal): Promise<readonly (StateEntry | undefined)[]> {
    const found: (StateEntry | undefined)[] = [];
    for (let at = 0; at < ids.length; at += getMax) {
      const body = { ids: ids.slice(at, at + getMax) };
      const { docs } = await this.#ask<MultiGet>('POST', '_mget', body, signal);
      for (const { found: there, _source, error } of docs) {
        if (error !== undefined && error.type !== 'index_not_found_exception')
          throw new SluiceError('TARGET_UNAVAILABLE', `The index ${this.name} cannot be read now (${error.type}).`);
        found.push(there ? _source : undefined);
      }
    }
    return found;
  }

  /** Lets `latest` and `all` see what has been written. */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#ask('POST', '_refresh', undefined, signal);
  }

  /** The entry of a scope with the highest version. */
  async latest(scope: string, signal: AbortSignal): Promise<StateEntry | undefined> {
    const sort = [{ order: { order: 'desc', unmapped_type: 'long' } }];
    return (await this.#search({ query: { term: { scope } }, sort, size: 1 }, signal))[0]?._source;
  }

  /** All entries of a scope. */
  async all(scope: string, signal: AbortSignal): Promise<readonly StateEntry[]> {
    return (await this.#search({ query: { term: { scope } }, size: hitsMax }, signal)).map(({ _source }) => _source);
  }

  /** Deletes entries whose time is over, at most so many; answers how many. */
  async prune(nowMs: number, entriesMax: number, signal: AbortSignal): Promise<number> {
    const query = { range: { expires: { lte: nowMs } } };
    const expired = await this.#search({ query, size: entriesMax, _source: false, seq_no_primary_term: true }, signal);
    if (expired.length === 0) return 0;
    // One that has been written anew since it was found stays.
    const lines = expired.map(({ _id, _seq_no, _primary_term }) =>
      JSON.stringify({ delete: { _id, if_seq_no: _seq_no, if_primary_term: _primary_term } }),
    );
    const request = { method: 'POST', path: `/${encodeURIComponent(this.name)}/_bulk`, bulkBody: `${lines.join('\n')}\n` };
    try {
      await this.#client.transport.request(request, { signal });
    } catch (error) {
      throw targetError(error, `Deleting from the index ${this.name}`, true);
    }
    return expired.length;
  }

  /** The ids of a scope's entries. */
  async ids(scope: string, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#search({ query: { term: { scope } }, size: hitsMax, _source: false }, signal)).map(({ _id }) => _id);
  }

  async #search(body: object, signal: AbortSignal): Promise<readonly Hit[]> {
    const answer = await this.#ask<Partial<Search>>('POST', '_search', body, signal);
    return answer.hits?.hits ?? [];
  }

  /** An index that is not there holds nothing. */
  async #ask<T>(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<T> {
    const request = { method, path: `/${encodeURIComponent(this.name)}/${path}`, ...(body && { body }) };
    try {
      return await this.#client.transport.request<T>(request, { signal, ...(path !== '_mget' && { ignore: [404] }) });
    } catch (error) {
      throw targetError(error, `Reading the index ${this.name}`, true);
    }
  }
}
