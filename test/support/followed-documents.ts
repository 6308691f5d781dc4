import { type ConnectRecord, Struct } from '../../src/contract/index.ts';

type Content = { readonly v: number; readonly [field: string]: unknown };
type Known = { content: Content; there: boolean; whole: boolean };

/**
 * Follows documents (`_id`, `v`) whose `v` rises with each change, as a consumer would: what is published of one must never be older than
 * what was published before, nor bring back a document that was deleted since; updates may hold no more than what they changed.
 */
export class FollowedDocuments {
  readonly #documents = new Map<string, Known>();
  readonly faults: string[] = [];

  apply({ key, value }: ConnectRecord): void {
    if (!(value instanceof Struct) || !(key instanceof Struct)) return;
    const id = String(key.values[0]);
    const op = String(value.get('op'));
    const known = this.#documents.get(id);
    if (op === 'd') {
      this.#documents.set(id, { content: known?.content ?? { v: -1 }, there: false, whole: true });
      return;
    }
    const after = value.get('after');
    const updated = value.get('updateDescription');
    const changed = updated instanceof Struct ? updated.get('updatedFields') : null;
    const text = after ?? changed;
    // It was deleted before the server looked it up.
    if (typeof text !== 'string') return;
    const content = JSON.parse(text) as Content;
    if (known !== undefined && (content.v < known.content.v || (op === 'r' && !known.there && content.v <= known.content.v)))
      this.faults.push(`${op} of ${id} at version ${content.v}, after ${known.there ? '' : 'the deletion of '}version ${known.content.v}`);
    if (after !== null) this.#documents.set(id, { content, there: true, whole: true });
    else this.#documents.set(id, { content: { ...known?.content, ...content }, there: true, whole: known?.there === true && known.whole });
  }

  /** The documents that the records lead to, as JSON with sorted fields; one that never came as a whole says so. */
  get lines(): readonly string[] {
    return [...this.#documents]
      .flatMap(([id, { content, there, whole }]) => (there ? [whole ? lineOf(content) : `${id} in part`] : []))
      .sort();
  }
}

export function lineOf(content: object): string {
  return JSON.stringify(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
}
