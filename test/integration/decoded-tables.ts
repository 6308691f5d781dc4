import type pg from 'pg';
import { Catalog } from '../../connectors/postgres/catalog.ts';
import type { ColumnReader } from '../../connectors/postgres/column.ts';
import { PgoutputDecoder } from '../../connectors/postgres/pgoutput/decoder.ts';
import type { PgoutputHandler, RelationMessage } from '../../connectors/postgres/pgoutput/messages.ts';
import { readTuple } from '../../connectors/postgres/pgoutput/tuple.ts';
import { createColumnReader } from '../../connectors/postgres/values/column-reader.ts';
import { loadTypeCatalog, type TypeCatalog } from '../../connectors/postgres/values/type-catalog.ts';
import type { ValueOptions } from '../../connectors/postgres/values/value-options.ts';
import { type Schema, Struct, structSchema } from '../../src/contract/index.ts';

/** A table as the column readers show it. */
export type DecodedTable = {
  readonly name: string;
  readonly readers: readonly (ColumnReader | null)[];
  readonly schema: Schema;
};
export type DecodedChange = {
  readonly op: 'c' | 'u' | 'd';
  readonly table: string;
  readonly before: Struct | null;
  readonly after: Struct | null;
};

/** The settings that the connector's own connections have; and a slot shows only what has reached the disk. */
const session = `set datestyle to iso; set intervalstyle to postgres; set timezone to utc; set extra_float_digits to 3;
  set bytea_output to hex; set synchronous_commit to on`;
/** Every column as the server's own output function wrote it. */
const asText = { getTypeParser: () => (text: string) => text };

/** Reads a database's tables through the readers, by query and from a slot: what snapshot and stream do, without the connector. */
export class TableDecoder {
  readonly #client: pg.Client;
  readonly #types: TypeCatalog;
  readonly #options: ValueOptions;
  readonly #catalog: Catalog;
  readonly #decoder = new PgoutputDecoder();

  private constructor(client: pg.Client, types: TypeCatalog, options: ValueOptions, database: string) {
    this.#client = client;
    this.#types = types;
    this.#options = options;
    this.#catalog = new Catalog(client, database);
  }

  /** Makes the publication and the slot too: changes from here on are read by `changes`. */
  static async open(client: pg.Client, database: string, options: ValueOptions): Promise<TableDecoder> {
    await client.query(session);
    await client.query(`create publication decoded for all tables`);
    await client.query(`select pg_create_logical_replication_slot('decoded_${database}', 'pgoutput')`);
    return new TableDecoder(client, await loadTypeCatalog(async sql => (await client.query(sql)).rows), options, database);
  }

  async tables(): Promise<readonly (DecodedTable & { readonly oid: number })[]> {
    await this.#types.refresh();
    const tables = await this.#catalog.tables((await this.#catalog.names()).map(({ oid }) => oid));
    return tables.map(({ id, oid, columns }) => {
      const readers = columns.map(column => createColumnReader(column, this.#types, this.#options));
      const known = readers.filter(reader => reader !== null);
      return { name: id.table, oid, readers, schema: structSchema(known.map(({ name, schema }) => [name, schema])) };
    });
  }

  async rows(table: DecodedTable): Promise<readonly Struct[]> {
    const { rows } = await this.#client.query<(string | null)[]>({
      text: `select * from "${table.name}"`,
      rowMode: 'array',
      types: asText,
    });
    return rows.map(row => {
      const values = table.readers.flatMap((reader, index) => {
        if (reader === null) return [];
        const text = row[index];
        if (text === null || text === undefined) return [reader.whenNull];
        const bytes = Buffer.from(text, 'utf8');
        return [reader.read(bytes, 0, bytes.length)];
      });
      return new Struct(table.schema, values);
    });
  }

  /** What was committed since the last call. */
  async changes(): Promise<readonly DecodedChange[]> {
    const tables = new Map((await this.tables()).map(table => [table.oid, table]));
    const found: DecodedChange[] = [];
    const relations: RelationMessage[] = [];
    const row = (oid: number, message: Buffer, offset: number, old: Struct | null = null) => {
      const table = tables.get(oid)!;
      return new Struct(table.schema, readTuple(message, offset, table.readers, [], old?.values ?? null));
    };
    const nameOf = (oid: number) => tables.get(oid)!.name;
    const handler: PgoutputHandler = {
      begin: () => {},
      commit: () => {},
      origin: () => {},
      type: () => {},
      truncate: () => {},
      logicalMessage: () => {},
      relation: message => relations.push(message),
      insert: (oid, message, offset) => found.push({ op: 'c', table: nameOf(oid), before: null, after: row(oid, message, offset) }),
      update: (oid, message, kind, oldOffset, newOffset) => {
        const before = kind === null ? null : row(oid, message, oldOffset);
        found.push({ op: 'u', table: nameOf(oid), before, after: row(oid, message, newOffset, kind === 'O' ? before : null) });
      },
      delete: (oid, message, _, offset) => found.push({ op: 'd', table: nameOf(oid), before: row(oid, message, offset), after: null }),
    };
    const { rows } = await this.#client.query<{ data: Buffer }>(
      `select data from pg_logical_slot_get_binary_changes(
         'decoded_' || current_database(), null, null, 'proto_version', '1', 'publication_names', 'decoded')`,
    );
    for (const { data } of rows) this.#decoder.decode(data, handler);
    return found;
  }
}
