import { Redis } from 'ioredis';
import { type Customers, indexDifferences, staleIn, type Target } from './targets.ts';
import type { Customer } from './workload.ts';

/** The cache in Redis: whoever reads a customer writes `user:ID`, and the sink evicts it. */
export class RedisCache implements Target {
  readonly name = 'cache';
  readonly #client: Redis;

  constructor(url: string) {
    this.#client = new Redis(url);
    this.#client.on('error', () => {}); // the command that follows tells of it
  }

  async prepare(customer: Customer): Promise<void> {
    await this.#client.set(`user:${customer.id}`, JSON.stringify(customer));
  }

  async shows({ id }: Customer): Promise<boolean> {
    return (await this.#client.exists(`user:${id}`)) === 0;
  }

  async differences(customers: Customers): Promise<readonly string[]> {
    const keys = await this.#client.keys('user:*'); // of the demo's own, and few
    const values = keys.length === 0 ? [] : await this.#client.mget(keys);
    const cached = values.flatMap(value => (value === null ? [] : [JSON.parse(value) as Customer]));
    return staleIn(cached, customers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
  }
}

type Found = { readonly _id: string; readonly _source?: { readonly email?: string } };
const indexedMax = 10_000;

/** The index in Elasticsearch. A document is asked for by its id, which finds it as soon as its write is acknowledged. */
export class ElasticsearchIndex implements Target {
  readonly name = 'index';
  readonly #url: string;

  constructor(url: string) {
    this.#url = `${url.replace(/\/$/, '')}/shop.public.users`;
  }

  async #get(path: string, method = 'GET'): Promise<unknown> {
    return (await fetch(`${this.#url}/${path}`, { method })).json();
  }

  async shows({ id, email }: Customer): Promise<boolean> {
    const found = (await this.#get(`_doc/${id}`)) as Found;
    return found._source?.email === email;
  }

  async differences(customers: Customers): Promise<readonly string[]> {
    await this.#get('_refresh', 'POST');
    const { hits } = (await this.#get(`_search?size=${indexedMax}`)) as { hits?: { hits: readonly Found[] } };
    return indexDifferences(new Map((hits?.hits ?? []).map(({ _id, _source }) => [Number(_id), _source?.email])), customers);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
