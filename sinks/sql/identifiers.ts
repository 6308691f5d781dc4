/** An identifier quoted for SQL, in Postgres and in SQLite. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name with its schema, or alone. */
export function qualified(schema: string | null, name: string): string {
  return schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** A text literal for the few places that take no parameter. */
export function literal(text: string): string {
  const escaped = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${escaped.replaceAll('\\', '\\\\')}` : escaped;
}
