import { text as readText } from 'node:stream/consumers';
import type { Client } from '@elastic/elasticsearch';
import { SluiceError } from '../../src/contract/index.ts';
import type { DocumentText, FieldTexts } from './document.ts';
import { parseExactly } from './exact-json.ts';
import { isJsonRecord, within } from './json-object.ts';
import type { Operation } from './operation.ts';
import { targetError } from './target-error.ts';

const getMax = 500;

/** What an operation still needs of the stored document. */
type Unresolved = { readonly operation: Operation; readonly texts: Map<string, string | undefined>; readonly names: readonly string[] };

/**
 * Finds the values of columns that the database did not send (unchanged TOAST, a partial image): those of an earlier record of the batch,
 * else those of the stored document. Elasticsearch takes no sequence number beside an external version; none is needed, since a key's records
 * come to one task in their order: what is stored when it writes is what its earlier records left, or is newer and wins.
 */
export class MissingColumns {
  readonly #client: Client;
  readonly #documents: DocumentText;

  constructor(client: Client, documents: DocumentText) {
    this.#client = client;
    this.#documents = documents;
  }

  /** By operation, what stands for the columns it does not hold. Operations that hold all of theirs are not in it. */
  async resolve(operations: readonly Operation[], signal: AbortSignal): Promise<ReadonlyMap<Operation, FieldTexts>> {
    const resolved = new Map<Operation, FieldTexts>();
    const unresolved: Unresolved[] = [];
    for (const operation of operations) {
      if (operation.kind === 'delete' || operation.change.missing.length === 0) continue;
      const texts = new Map<string, string | undefined>();
      const names = operation.change.missing.filter(name => !this.#fromEarlier(operation, name, texts));
      resolved.set(operation, texts);
      if (names.length > 0) unresolved.push({ operation, texts, names });
    }
    for (let at = 0; at < unresolved.length; at += getMax) await this.#fromStored(unresolved.slice(at, at + getMax), signal);
    return resolved;
  }

  /** Whether an earlier record of the batch settles a column. */
  #fromEarlier({ earlier }: Operation, name: string, texts: Map<string, string | undefined>): boolean {
    for (let before = earlier; before !== null; before = before.earlier) {
      if (before.kind === 'write' && before.change.missing.includes(name)) continue;
      const row = before.row;
      texts.set(name, row?.fields.has(name) ? this.#documents.column(row, name) : undefined);
      return true;
    }
    return false;
  }

  async #fromStored(unresolved: readonly Unresolved[], signal: AbortSignal): Promise<void> {
    // Whole documents: asked for some fields only, Elasticsearch writes them anew, and their numbers as doubles.
    const docs = unresolved.map(({ operation }) => ({ _index: operation.target, _id: operation.id }));
    const answer = parseExactly(await this.#read(docs, signal));
    const found = isJsonRecord(answer) && Array.isArray(answer['docs']) ? answer['docs'] : [];
    for (const [index, { texts, names }] of unresolved.entries()) {
      const doc: unknown = found[index];
      const error = isJsonRecord(doc) ? within(doc, 'error')['type'] : undefined;
      if (error !== undefined && error !== 'index_not_found_exception')
        throw new SluiceError('TARGET_UNAVAILABLE', `A stored document cannot be read now (${String(error)}).`);
      const stored = isJsonRecord(doc) ? within(doc, '_source') : {};
      // Without a stored document nobody knows the value: the document is written without the field.
      for (const name of names) texts.set(name, name in stored ? JSON.stringify(stored[name]) : undefined);
    }
  }

  /** The answer's text: read as usual, its numbers would be rounded to doubles. */
  async #read(docs: readonly object[], signal: AbortSignal): Promise<string> {
    const request = { method: 'POST', path: '/_mget', body: { docs } };
    try {
      const { statusCode, body } = await this.#client.transport.request<NodeJS.ReadableStream>(request, {
        signal,
        asStream: true,
        meta: true,
      });
      const text = await readText(body);
      if (statusCode === 200) return text;
      throw new SluiceError('TARGET_UNAVAILABLE', `Reading stored documents failed with status ${statusCode}.`);
    } catch (error) {
      throw targetError(error, 'Reading stored documents');
    }
  }
}
