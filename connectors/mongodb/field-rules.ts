import { javaRegex, matchesWhole, SluiceError } from '../../src/contract/index.ts';
import { bsonType, documentAt, eachElement, numberAt, stringAt } from './bson/elements.ts';
import { type Branch, isBranch, type Node, readTree, writeTree } from './bson/tree.ts';
import { type CollectionId, namespaceOf } from './collection-id.ts';

type Fields = Map<string, Node>;

/** One entry of `field.exclude.list` or `field.renames`, of the collections it matches (Debezium's FieldSelector). */
type FieldRule = {
  matches(namespace: string): boolean;
  /** The field's path; names of array indexes are left out of what it is compared with. */
  readonly path: readonly string[];
  /** The last name's replacement; null: the field is taken away. */
  readonly rename: string | null;
};

export type FieldRuleList = readonly FieldRule[];

function parts(entry: string, text: string, separator: string, fits: (count: number) => boolean): readonly string[] {
  const found = text.trim().split(separator);
  if (!fits(found.length) || found.includes('')) throw new Error(`'${entry}' has an invalid format`);
  return found;
}

function rule(entry: string, name: string, rename: string | null): FieldRule {
  const [database = '', collection = '', ...path] = parts(entry, name, '.', count => count >= 3);
  const pattern = [database, collection].map(part => part.replaceAll('*', '.*')).join('\\.');
  return { matches: matchesWhole(javaRegex(pattern.trim(), 'i')), path, rename };
}

const entries = (list: string) => (list.trim() === '' ? [] : list.trim().split(','));

/** Reads `field.exclude.list`: `database.collection.field.field`, `*` in the first two for any characters. */
export function excludedFields(list: string): FieldRuleList {
  return entries(list).map(entry => rule(entry, entry, null));
}

/** Reads `field.renames`: the same with `:newName` behind it. */
export function renamedFields(list: string): FieldRuleList {
  return entries(list).map(entry => {
    const [name = '', rename = ''] = parts(entry, entry, ':', count => count === 2);
    return rule(entry, name, rename);
  });
}

const numeric = /^\d+$/;

/** Without array indexes; two in a row leave the path as it is. */
function withoutIndexes(names: readonly string[]): readonly string[] {
  if (names.length < 2 || names.some((name, index) => numeric.test(name) && numeric.test(names[index - 1] ?? ''))) return names;
  return names.filter(name => !numeric.test(name));
}

const startsWith = (begin: readonly string[], names: readonly string[]) =>
  begin.length <= names.length && begin.every((name, index) => name === names[index]);

/** A removed or truncated field, and what an update set: `updatedFields` as a document. */
export type UpdateParts = {
  readonly removed: readonly string[];
  readonly updated: Buffer | null;
  readonly truncated: readonly { readonly field: string; readonly size: number }[];
};

/** What is left of the documents of one collection, under which names. */
export class FieldRules {
  readonly #rules: FieldRuleList;
  readonly #collection: string;

  private constructor(rules: FieldRuleList, collection: string) {
    this.#rules = rules;
    this.#collection = collection;
  }

  /** null where no rule is of that collection. */
  static of(rules: FieldRuleList, id: CollectionId): FieldRules | null {
    const name = namespaceOf(id);
    const own = rules.filter(({ matches }) => matches(name));
    return own.length === 0 ? null : new FieldRules(own, name);
  }

  /** A whole document. */
  ofDocument(document: Buffer): Buffer {
    const tree = readTree(document);
    for (const { path, rename } of this.#rules) this.#below(tree.fields, path, 0, rename);
    return writeTree(tree);
  }

  /** The fields that an update set, whose names are paths with dots. */
  ofUpdatedFields(document: Buffer): Buffer {
    const tree = readTree(document);
    for (const rule of this.#rules) this.#dotted(tree.fields, rule);
    return writeTree(tree);
  }

  /** A field's path; null: it is taken away. */
  ofPath(field: string): string | null {
    for (const { path, rename } of this.#rules) {
      const names = field.split('.');
      if (!startsWith(withoutIndexes(names), path)) continue;
      return rename === null ? null : this.#renamed(names, path, rename);
    }
    return field;
  }

  #below(fields: Fields, path: readonly string[], from: number, rename: string | null): void {
    let current = fields;
    for (let index = from; index < path.length; index++) {
      const name = path[index]!;
      if (index === path.length - 1) {
        this.#change(current, name, rename);
        return;
      }
      const next = current.get(name);
      if (!isBranch(next)) return;
      if (next.type === bsonType.array) {
        this.#inArray(next, path, index + 1, rename);
        return;
      }
      current = next.fields;
    }
  }

  #inArray(array: Branch, path: readonly string[], from: number, rename: string | null): void {
    for (const item of array.fields.values())
      if (isBranch(item) && item.type === bsonType.document) this.#below(item.fields, path, from, rename);
  }

  /** A renamed field goes to the document's end. */
  #change(fields: Fields, name: string, rename: string | null): void {
    const node = fields.get(name);
    if (node === undefined) return;
    fields.delete(name);
    if (rename !== null) this.#put(fields, rename, node);
  }

  #put(fields: Fields, name: string, node: Node): void {
    if (fields.has(name))
      throw new SluiceError('CONFIG_INVALID', `A document of ${this.#collection} already has a field named ${name}.`, {
        remedy: 'Choose another name in field.renames.',
      });
    fields.set(name, node);
  }

  #dotted(fields: Fields, { path, rename }: FieldRule): void {
    const whole = path.join('.');
    if (fields.has(whole)) {
      this.#change(fields, whole, rename === null ? null : [...path.slice(0, -1), rename].join('.'));
      return;
    }
    const renamed: [string, Node][] = [];
    for (const [key, node] of [...fields]) {
      const names = key.split('.');
      const plain = withoutIndexes(names);
      if (plain.length < path.length) {
        if (!startsWith(plain, path)) continue;
        if (isBranch(node)) {
          if (node.type === bsonType.document) this.#below(node.fields, path, plain.length, rename);
          else this.#inArray(node, path, plain.length, rename);
        }
        break;
      }
      if (!startsWith(path, plain)) continue;
      fields.delete(key);
      if (rename !== null) renamed.push([this.#renamed(names, path, rename), node]);
    }
    for (const [name, node] of renamed) this.#put(fields, name, node);
  }

  #renamed(names: readonly string[], path: readonly string[], rename: string): string {
    let place = 0;
    return names.map(name => (numeric.test(name) ? name : place++ === path.length - 1 ? rename : name)).join('.');
  }
}

/** Takes an update's description apart. */
export function readUpdate(description: Buffer, rules: FieldRules | null): UpdateParts {
  const removed: string[] = [];
  const truncated: { field: string; size: number }[] = [];
  let updated: Buffer | null = null;
  const named = (field: string) => (rules === null ? field : rules.ofPath(field));
  eachElement(description, 0, (name, type, at) => {
    if (name === 'updatedFields' && type === bsonType.document) {
      const document = documentAt(description, at);
      updated = rules === null ? document : rules.ofUpdatedFields(document);
    } else if (name === 'removedFields' && type === bsonType.array)
      eachElement(description, at, (_, kind, place) => {
        const field = kind === bsonType.string ? named(stringAt(description, place)) : null;
        if (field !== null) removed.push(field);
      });
    else if (name === 'truncatedArrays' && type === bsonType.array)
      eachElement(description, at, (_, kind, place) => {
        if (kind !== bsonType.document) return;
        const array = readTruncated(description, place);
        const field = named(array.field);
        if (field !== null) truncated.push({ field, size: array.size });
      });
  });
  return { removed, updated, truncated };
}

function readTruncated(bytes: Buffer, start: number): { field: string; size: number } {
  const array = { field: '', size: 0 };
  eachElement(bytes, start, (name, type, at, end) => {
    if (name === 'field') array.field = stringAt(bytes, at);
    else if (name === 'newSize') array.size = numberAt(bytes, { type, at, end }) ?? 0;
  });
  return array;
}
