import type { Row, Schema } from '../../src/contract/index.ts';
import type { JsonText, TextWriter } from './json-text.ts';

type Columns = readonly { readonly name: string; readonly prefix: string; readonly write: TextWriter }[];

/** What stands in a document for a column that the record does not hold: its JSON, or undefined where the document has no such field. */
export type FieldTexts = ReadonlyMap<string, string | undefined>;

/** Makes documents of rows. */
export class DocumentText {
  readonly #json: JsonText;
  readonly #columns = new WeakMap<Schema, Columns>();

  constructor(json: JsonText) {
    this.#json = json;
  }

  /** The document of a row, as JSON in one line. `replaced`: for columns of which the record only holds a placeholder. */
  of(row: Row, replaced: FieldTexts | null): string {
    const text = row.schema === null ? this.#withoutSchema(row, replaced) : this.#withSchema(row, row.schema, replaced);
    return `{${text}}`;
  }

  #withSchema(row: Row, schema: Schema, replaced: FieldTexts | null): string {
    const columns = this.#columns.get(schema) ?? this.#compile(schema);
    let text = '';
    let index = 0;
    for (const value of row.values ?? row.fields.values()) {
      const { name, prefix, write } = columns[index++]!;
      if (name === ownId) continue;
      if (replaced?.has(name)) {
        const kept = replaced.get(name);
        if (kept !== undefined) text += (text === '' ? '' : ',') + prefix + kept;
      } else text += (text === '' ? '' : ',') + prefix + write(value);
    }
    return text;
  }

  #withoutSchema(row: Row, replaced: FieldTexts | null): string {
    const write = this.#json.writer(null);
    const fields: string[] = [];
    for (const [name, value] of row.fields) {
      const text = replaced?.has(name) ? replaced.get(name) : write(value);
      if (name !== ownId && text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
    }
    return fields.join(',');
  }

  #compile(schema: Schema): Columns {
    const columns = schema.fields.map(({ name, schema: field }) => ({
      name,
      prefix: `${JSON.stringify(name)}:`,
      write: this.#json.writer(field),
    }));
    this.#columns.set(schema, columns);
    return columns;
  }

  /** One column's JSON. */
  column(row: Row, name: string): string {
    const value = row.fields.get(name) ?? null;
    return this.#json.writer(row.schema?.field(name)?.schema ?? null)(value);
  }
}

/** Elasticsearch keeps the name for the document's id, which comes from the record's key: a document has no such field. */
const ownId = '_id';
