import { acceptCharset, acceptCollation, charsetOfCollation } from './charsets.ts';
import type { TokenCursor } from './cursor.ts';
import { parseDataType } from './data-type.ts';
import { parseDefault } from './default-value.ts';
import type { DdlDialect } from './dialect.ts';
import type { ColumnDefinition, DefaultValue } from './statement.ts';

/** A column's type and attributes, its name being read. Ends before a comma, a closing parenthesis, FIRST or AFTER. */
export function parseColumnDefinition(cursor: TokenCursor, name: string, dialect: DdlDialect): ColumnDefinition {
  const type = parseDataType(cursor, dialect);
  let charsetName = type.charsetName;
  let nullable: boolean | null = type.serial ? false : null;
  let value: DefaultValue | null = null;
  let autoIncremented = type.serial;
  let unique = type.serial;
  let primaryKey = false;
  let comment: string | null = null;
  while (!cursor.done) {
    const { kind, raw } = cursor.peek();
    if (kind === 'symbol' && (raw === ',' || raw === ')')) break;
    if (cursor.sees('FIRST') || cursor.sees('AFTER')) break;
    if (cursor.accept('NOT', 'NULL')) nullable = false;
    else if (cursor.accept('NULL')) nullable = true;
    else if (cursor.accept('DEFAULT')) value = parseDefault(cursor);
    else if (cursor.accept('AUTO_INCREMENT')) autoIncremented = true;
    else if (cursor.accept('ON', 'UPDATE')) {
      autoIncremented = true;
      cursor.next();
    } else if (cursor.accept('SERIAL', 'DEFAULT', 'VALUE')) {
      nullable ??= false;
      autoIncremented = true;
      unique = true;
    } else if (cursor.accept('UNIQUE')) {
      unique = true;
      cursor.accept('KEY');
    } else if (cursor.accept('PRIMARY', 'KEY') || cursor.accept('PRIMARY') || cursor.accept('KEY')) primaryKey = true;
    else if (cursor.accept('COMMENT')) comment = cursor.nameOrText('a comment');
    else if (cursor.sees('REFERENCES')) skipReferences(cursor);
    else {
      const charset = acceptCharset(cursor);
      const collation = charset === null ? acceptCollation(cursor) : null;
      if (charset !== null) charsetName = charset;
      else if (collation !== null) charsetName ??= charsetOfCollation(collation);
      // GENERATED ALWAYS AS (...), CHECK (...), VISIBLE, STORAGE DISK, SRID 4326 ...: nothing that the model holds.
      else if (!cursor.skipGroup()) cursor.next();
    }
  }
  if (primaryKey) nullable = false;
  return { name, type: { ...type, charsetName }, nullable, default: value, autoIncremented, primaryKey, unique, comment };
}

/** REFERENCES t (c) MATCH FULL ON DELETE SET DEFAULT ON UPDATE CASCADE: its words are no attributes of the column. */
function skipReferences(cursor: TokenCursor): void {
  cursor.next();
  cursor.tableName();
  cursor.skipGroup();
  if (cursor.accept('MATCH')) cursor.next();
  while (cursor.accept('ON', 'DELETE') || cursor.accept('ON', 'UPDATE')) {
    if (!cursor.accept('SET', 'NULL') && !cursor.accept('SET', 'DEFAULT') && !cursor.accept('NO', 'ACTION')) cursor.next();
  }
}
