import { text as readText } from 'node:stream/consumers';
import type { Client } from '@elastic/elasticsearch';
import {
  type FieldRules,
  type Forced,
  type Look,
  momentText,
  type Removal,
  type SinkRecord,
  type SinkVerification,
  SluiceError,
  type SurplusRow,
} from '../../src/contract/index.ts';
import { openClient } from './connection.ts';
import { DocumentText } from './document.ts';
import { parseExactly } from './exact-json.ts';
import { isJsonRecord, type JsonRecord, within } from './json-object.ts';
import { JsonText } from './json-text.ts';
import { type Planned, Planner } from './planner.ts';
import { RecordFault } from './record-fault.ts';
import type { ElasticsearchConfig } from './settings.ts';
import { causeOf, refusalText, targetError } from './target-error.ts';

/** Documents of one request. */
const getMax = 500;
/** How long the server keeps a search open between two pages. */
const keptOpen = '10m';
const doing = 'Comparing documents';

type Place = { readonly target: string; readonly id: string };
type Stored = { readonly held: string; readonly version: bigint; readonly source: JsonRecord };
type Page = { readonly _scroll_id?: string; readonly hits?: { readonly hits: readonly { readonly _id: string }[] } };
type Answer = { readonly items: readonly Readonly<Record<string, { readonly status: number; readonly error?: unknown }>>[] };

/**
 * Holds records against documents, which are read and compared here: Elasticsearch has no digest of a document. What is held is known by its sequence
 * number, by which a change is refused where another came before it.
 */
export class ElasticsearchVerification implements SinkVerification {
  readonly #config: ElasticsearchConfig;
  readonly #client: Client;
  readonly #planner: Planner;
  readonly #documents: DocumentText;

  constructor(config: ElasticsearchConfig) {
    const json = new JsonText(config.documents.compactMaps);
    this.#config = config;
    this.#client = openClient(config.connection, 1);
    this.#planner = new Planner(config.documents, config.indices, json);
    this.#documents = new DocumentText(json);
  }

  get refusal(): string | null {
    return this.#config.documents.onDelete === 'delete'
      ? null
      : 'without behavior.on.null.values=delete its indices keep rows that are deleted at the source';
  }

  async look(records: readonly SinkRecord[], rules: FieldRules, abort: AbortSignal): Promise<readonly (Look | null)[]> {
    const planned = records.map((record, index) => this.#planned(record, index));
    const asked = planned.filter(one => one !== null);
    const found = await this.#get(asked, true, abort);
    const stored = new Map(asked.map((one, at) => [one, found[at] ?? null]));
    return planned.map(one => {
      if (one === null) return null;
      const is = stored.get(one) ?? null;
      const place = { container: one.target, id: one.id, held: is?.held ?? null };
      if (one.kind === 'delete') return { ...place, state: is === null ? 'same' : 'different' };
      if (is === null) return { ...place, state: 'missing' };
      return { ...place, state: this.#isSame(one, is.source, rules) ? 'same' : 'different' };
    });
  }

  /** The last thing that a record asks for; null where it asks for none, or for one that no document can be. */
  #planned(record: SinkRecord, index: number): Planned | null {
    if (this.#config.documents.keyIgnored(record.topic))
      throw new SluiceError(
        'BAD_REQUEST',
        `With key.ignore each record of ${record.topic} is a document of its own: there is nothing to compare by.`,
      );
    try {
      const last = this.#planner.plan(record, index).at(-1);
      return last === undefined || last.kind === 'truncate' ? null : last;
    } catch (error) {
      if (error instanceof RecordFault) return null;
      throw error;
    }
  }

  #isSame({ row, change }: Planned, source: JsonRecord, { ignored, moments }: FieldRules): boolean {
    const parsed = parseExactly(this.#documents.of(row!, null));
    const expected: JsonRecord = isJsonRecord(parsed) ? parsed : {};
    const skipped = (name: string) => ignored.has(name) || change.missing.includes(name);
    for (const [name, value] of Object.entries(expected))
      if (!skipped(name) && !isEqual(value, source[name], moments.has(name))) return false;
    // Documents that are merged keep what older records told.
    if (this.#config.documents.method === 'upsert') return true;
    return Object.keys(source).every(name => skipped(name) || name in expected);
  }

  async *ids(container: string, max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const index = `/${encodeURIComponent(container)}`;
    const ask = (method: string, path: string, body: object, querystring: Readonly<Record<string, string>> = {}) =>
      this.#client.transport.request<Page>({ method, path, body, querystring }, { signal: abort, ignore: [404] });
    let scroll: string | undefined;
    try {
      // What was written a moment ago is found by a search after a refresh only.
      await this.#client.transport.request({ method: 'POST', path: `${index}/_refresh` }, { signal: abort, ignore: [404] });
      let page = await ask(
        'POST',
        `${index}/_search`,
        { size: max, sort: ['_doc'], _source: false },
        { scroll: keptOpen, allow_partial_search_results: 'false' },
      );
      scroll = page._scroll_id;
      while (scroll !== undefined && (page.hits?.hits.length ?? 0) > 0) {
        yield page.hits!.hits.map(({ _id }) => _id);
        page = await ask('POST', '/_search/scroll', { scroll: keptOpen, scroll_id: scroll });
        if (page._scroll_id === undefined)
          throw new SluiceError('TARGET_UNAVAILABLE', `The search for the documents of ${container} was lost.`);
        scroll = page._scroll_id;
      }
    } catch (error) {
      throw targetError(error, doing, true);
    } finally {
      if (scroll !== undefined) await ask('DELETE', '/_search/scroll', { scroll_id: scroll }).catch(() => undefined);
    }
  }

  async held(container: string, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const found = await this.#get(
      ids.map(id => ({ target: container, id })),
      false,
      abort,
    );
    return new Map(ids.flatMap((id, at) => (found[at] ? [[id, found[at].held] as const] : [])));
  }

  async remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]> {
    const confirmed = await confirm();
    const sent = rows.flatMap((row, index) => (confirmed.has(index) ? [{ row, index }] : []));
    const lines = sent.map(({ row }) => `${JSON.stringify({ delete: { _index: row.container, _id: row.id, ...sequence(row.held) } })}\n`);
    const answers = await this.#bulk(lines, abort);
    const outcomes = new Array<Removal>(rows.length).fill('changed');
    for (const [at, { index }] of sent.entries()) {
      const answer = answers[at]!;
      if (answer === null || answer.status === 404) outcomes[index] = 'removed';
      else if (answer.status !== 409) outcomes[index] = answer.error;
    }
    return outcomes;
  }

  /**
   * A document that somebody else has written, or deleted within index.gc_deletes, stands at a version of its own making, above the record's. It is
   * written by its sequence number, where the version that it gets by that is still below any that a later record has.
   */
  async force(rows: readonly Forced[], abort: AbortSignal): Promise<readonly Removal[]> {
    const outcomes = new Array<Removal>(rows.length).fill('changed');
    const planned = rows.map(({ record }, index) => this.#planned(record, index));
    // Of a row that lacks columns no whole document can be made.
    const asked = planned.flatMap((one, index) =>
      one === null || one.kind === 'delete' || one.change.missing.length > 0 ? [] : [{ one, index }],
    );
    const found = await this.#get(
      asked.map(({ one }) => one),
      true,
      abort,
    );
    const sent: { readonly lines: string; readonly index: number }[] = [];
    for (const [at, { one, index }] of asked.entries()) {
      const stored = found[at] ?? null;
      const { record, before } = rows[index]!;
      // Of one that was deleted nobody tells the version: the delete's own is one above, the next write's two.
      const next = stored === null ? record.version + deletedAbove : stored.version + 1n;
      if (next >= before)
        outcomes[index] = new SluiceError(
          'TARGET_REFUSED',
          `The document was written by somebody else, at a version that the topic's next records do not surpass yet.`,
        );
      else {
        const action =
          stored === null
            ? { create: { _index: one.target, _id: one.id } }
            : { index: { _index: one.target, _id: one.id, ...sequence(stored.held) } };
        sent.push({ lines: `${JSON.stringify(action)}\n${this.#documents.of(one.row!, null)}\n`, index });
      }
    }
    const answers = await this.#bulk(
      sent.map(({ lines }) => lines),
      abort,
    );
    for (const [at, { index }] of sent.entries()) {
      const answer = answers[at]!;
      if (answer === null) outcomes[index] = 'removed';
      else if (answer.status !== 409) outcomes[index] = answer.error;
    }
    return outcomes;
  }

  /** By item, null where it was done. */
  async #bulk(
    lines: readonly string[],
    abort: AbortSignal,
  ): Promise<readonly ({ readonly status: number; readonly error: SluiceError } | null)[]> {
    if (lines.length === 0) return [];
    try {
      const answer = await this.#client.transport.request<Answer>(
        { method: 'POST', path: '/_bulk', bulkBody: lines.join('') },
        { signal: abort },
      );
      return answer.items.map(item => {
        const { status, error } = Object.values(item)[0]!;
        if (status < 300) return null;
        return { status, error: new SluiceError('TARGET_REFUSED', `Elasticsearch refuses the repair: ${refusalText(causeOf(error))}`) };
      });
    } catch (error) {
      throw targetError(error, 'Repairing documents');
    }
  }

  async #get(places: readonly Place[], whole: boolean, abort: AbortSignal): Promise<readonly (Stored | null)[]> {
    const stored: (Stored | null)[] = [];
    for (let at = 0; at < places.length; at += getMax) {
      const docs = places.slice(at, at + getMax).map(({ target, id }) => ({ _index: target, _id: id }));
      const answer = parseExactly(await this.#read({ docs }, whole, abort));
      const found: readonly unknown[] = isJsonRecord(answer) && Array.isArray(answer['docs']) ? answer['docs'] : [];
      for (let index = 0; index < docs.length; index++) stored.push(storedOf(found[index]));
    }
    return stored;
  }

  /** The answer's text: read as usual, its numbers would be rounded to doubles. */
  async #read(body: object, whole: boolean, abort: AbortSignal): Promise<string> {
    const request = { method: 'POST', path: '/_mget', body, querystring: { _source: String(whole) } };
    try {
      const { statusCode, body: answer } = await this.#client.transport.request<NodeJS.ReadableStream>(request, {
        signal: abort,
        asStream: true,
        meta: true,
      });
      const text = await readText(answer);
      if (statusCode === 200) return text;
      throw new SluiceError('TARGET_UNAVAILABLE', `${doing} failed with status ${statusCode}.`);
    } catch (error) {
      throw targetError(error, doing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** How far above its record's version a document that was deleted by hand can come to stand when it is written again. */
const deletedAbove = 2n;

/** Throws TARGET_UNAVAILABLE where a document cannot be read just now. */
function storedOf(doc: unknown): Stored | null {
  const found: JsonRecord = isJsonRecord(doc) ? doc : {};
  const error = within(found, 'error')['type'];
  if (error !== undefined && error !== 'index_not_found_exception')
    throw new SluiceError('TARGET_UNAVAILABLE', `A stored document cannot be read now (${String(error)}).`);
  if (found['found'] !== true) return null;
  const number = (name: string) => JSON.stringify(found[name]);
  return { held: `${number('_seq_no')}/${number('_primary_term')}`, version: BigInt(number('_version')), source: within(found, '_source') };
}

function sequence(held: string): JsonRecord {
  const [number, term] = held.split('/');
  return { if_seq_no: Number(number), if_primary_term: Number(term) };
}

function isEqual(value: unknown, stored: unknown, isMoment: boolean): boolean {
  if (isMoment && typeof value === 'string' && typeof stored === 'string') return momentText(value) === momentText(stored);
  return canonical(value) === canonical(stored);
}

/** JSON with the fields of its objects in one order. */
function canonical(value: unknown): string | undefined {
  if (Array.isArray(value)) return `[${value.map(item => canonical(item) ?? 'null').join(',')}]`;
  if (!isJsonRecord(value) || 'rawJSON' in value) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map(name => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}
