import type { TextReading } from './reconcile.ts';
import { charsetDecoder } from './values/charsets.ts';

/** What `collationQueries` answer: ID and CHARACTER_SET_NAME. */
export type CollationRow = { readonly id: number; readonly charset: string };

/**
 * All that tell a collation's character set, to be run one after the other. The last one is for MariaDB from 10.10 on, where a collation
 * may belong to several character sets, under a number for each; other servers refuse it, and do without.
 */
export const collationQueries = {
  always:
    'SELECT ID AS id, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS WHERE ID IS NOT NULL AND CHARACTER_SET_NAME IS NOT NULL',
  mariadb:
    'SELECT ID AS id, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IS NOT NULL',
} as const;

/** How texts of table maps are read, by the server's own collations. */
export function textReading(rows: readonly CollationRow[]): TextReading {
  const charsets = new Map(rows.map(({ id, charset }) => [id, charset]));
  return {
    charsetOf: collation => charsets.get(collation) ?? null,
    decode: (bytes, charset) => charsetDecoder(charset)(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length),
  };
}
