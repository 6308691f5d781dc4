import assert from 'node:assert/strict';
import { elasticsearchSink } from '../../sinks/elasticsearch/plugin.ts';
import type { Sink } from '../../src/contract/index.ts';
import { logged } from './logged.ts';
import { until } from './until.ts';

/** What a search finds of a document. */
export type Hit = { readonly _id: string; readonly _source: Readonly<Record<string, unknown>> };

/** Asks an Elasticsearch over HTTP, as a stranger to the sink: no client, no code of ours. */
export class ElasticsearchReader {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Rejects unless the answer is one of success. */
  async succeed(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await this.ask(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  /** All documents of an index or alias, everything written included; none where there is no index. */
  async documents(index: string): Promise<readonly Hit[]> {
    const refreshed = await this.ask('POST', `/${index}/_refresh`);
    if (refreshed.status === 404) return [];
    const found = (await this.succeed('POST', `/${index}/_search`, { size: 10_000, query: { match_all: {} } })) as {
      hits: { hits: readonly Hit[] };
    };
    return found.hits.hits;
  }

  /** How an index maps its fields. */
  async properties(index: string): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
    const answer = (await this.succeed('GET', `/${index}/_mapping`)) as Record<
      string,
      { mappings: { properties?: Record<string, Record<string, unknown>> } }
    >;
    return Object.values(answer)[0]!.mappings.properties ?? {};
  }

  /**
   * Lets the indices forget the versions of what they have deleted, as if index.gc_deletes had passed. They do at some refresh after that, by a clock that moves
   * in steps: one more document is deleted, and when that one is forgotten all before it are.
   */
  async forgetDeletes(pattern: string): Promise<void> {
    const found = (await this.succeed('PUT', `/${pattern}/_settings`, { 'index.gc_deletes': '0ms' }).then(() =>
      this.succeed('GET', `/_cat/indices/${pattern}?format=json`),
    )) as readonly { index: string }[];
    await Promise.all(found.map(({ index }) => this.#forgetDeletesOf(index)));
  }

  async #forgetDeletesOf(index: string): Promise<void> {
    const document = (version: number) => `/${index}/_doc/forgotten-last?version_type=external&version=${version}`;
    const deleted = await this.ask('DELETE', document(2));
    assert.equal(deleted.status, 404, deleted.text);
    await until(
      async () => {
        await this.succeed('POST', `/${index}/_flush?force=true`);
        await this.succeed('POST', `/${index}/_refresh`);
        const { status, text } = await this.ask('PUT', document(1), {});
        assert.ok(status === 201 || status === 409, text);
        return status === 201;
      },
      { what: `${index} to forget what was deleted` },
    );
    await this.succeed('DELETE', document(3));
    await this.succeed('POST', `/${index}/_refresh`);
  }
}

/**
 * A task of the sink with these options. The caller disposes it. Rejects where there are faults in them. Its clock is the machine's unless told: markers of
 * deletes that lie in the past by the clock of others are gone as soon as one of those looks, in the state index that all share.
 */
export function elasticsearchTask(
  options: Readonly<Record<string, string>>,
  logs: ReturnType<typeof logged> = logged(),
  nowMs: () => number = Date.now,
): Sink {
  const { config, faults } = elasticsearchSink.spec.parse({ 'connection.timeout.ms': '60000', ...options });
  assert.deepEqual(faults, [], 'the options are valid');
  assert.ok(config);
  const clock = { nowMs, nowNs: () => BigInt(nowMs()) * 1_000_000n };
  return elasticsearchSink.create(config, { connector: 'search', task: 0, logger: logs.logger, clock });
}
