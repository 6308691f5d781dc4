/** A row of pg_type, with what belongs to it. */
export type PostgresType = {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
  /** pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  readonly kind: string;
  /** pg_type.typcategory: A array, E enum ... */
  readonly category: string;
  /** Of an array's items; 0: no array. */
  readonly elementOid: number;
  /** Between the items of an array of this type. */
  readonly delimiter: string;
  /** Of a domain: what it is over, and the modifier it gives to that (-1: none). 0: no domain. */
  readonly baseOid: number;
  readonly baseTypeModifier: number;
  /** Of a domain: NOT NULL. */
  readonly notNull: boolean;
  /** Of an enum, in their order. */
  readonly enumLabels: readonly string[];
  /** Of a range; 0: none. */
  readonly rangeSubtypeOid: number;
};

const typesQuery = `
  SELECT t.oid::int8::float8 AS oid, t.typname::text AS name, n.nspname::text AS schema, t.typtype::text AS kind, t.typcategory::text AS category,
         t.typelem::int8::float8 AS "elementOid", t.typdelim::text AS delimiter,
         t.typbasetype::int8::float8 AS "baseOid", t.typtypmod AS "baseTypeModifier", t.typnotnull AS "notNull",
         coalesce(e.labels, '{}') AS "enumLabels", coalesce(r.rngsubtype, 0)::int8::float8 AS "rangeSubtypeOid"
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN (SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels FROM pg_catalog.pg_enum GROUP BY enumtypid) e
      ON e.enumtypid = t.oid
    LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
   WHERE n.nspname <> 'pg_toast'`;

/** Runs a query on the connected database and answers its rows. */
export type TypeQuery = (sql: string, parameters?: readonly unknown[]) => Promise<readonly PostgresType[]>;

/**
 * The database's types. A type once known stays as it was until the next load, so an enum keeps the labels it had, as the reference's
 * does; types made later are added by `refresh`.
 */
export class TypeCatalog {
  readonly #types: Map<number, PostgresType>;
  readonly #query: TypeQuery;

  constructor(types: readonly PostgresType[], query: TypeQuery) {
    this.#types = new Map(types.map(type => [type.oid, type]));
    this.#query = query;
  }

  has(oid: number): boolean {
    return this.#types.has(oid);
  }

  get(oid: number): PostgresType | undefined {
    return this.#types.get(oid);
  }

  /** The type below all domains, itself for a type that is none. */
  root(type: PostgresType): PostgresType {
    const base = type.baseOid === 0 ? undefined : this.#types.get(type.baseOid);
    return base === undefined ? type : this.root(base);
  }

  /** Adds the types made since: for an oid that is not known (a Type message, a relation's column). */
  async refresh(): Promise<void> {
    for (const type of await this.#query(typesQuery)) if (!this.#types.has(type.oid)) this.#types.set(type.oid, type);
  }
}

/** Reads all types of the connected database; `query` is kept for `refresh`. */
export async function loadTypeCatalog(query: TypeQuery): Promise<TypeCatalog> {
  return new TypeCatalog(await query(typesQuery), query);
}
