import { acceptCharset, acceptCollation, charsetOfCollation } from './charsets.ts';
import { parseColumnDefinition } from './column-definition.ts';
import type { TokenCursor } from './cursor.ts';
import { parseDefault } from './default-value.ts';
import type { DdlDialect } from './dialect.ts';
import type { AlterAction, DdlAction } from './statement.ts';
import { parseConstraint, parseElements, parsePlace, parseTableOptions, seesConstraint } from './table-parts.ts';

/** `ALTER TABLE` being read. */
export function parseAlterTable(cursor: TokenCursor, dialect: DdlDialect): DdlAction {
  cursor.accept('IF', 'EXISTS');
  const table = cursor.tableName();
  // MariaDB: WAIT n, NOWAIT.
  if (cursor.accept('WAIT')) cursor.next();
  else cursor.accept('NOWAIT');
  const actions: AlterAction[] = [];
  do {
    actions.push(...parseAction(cursor, dialect));
    // ALGORITHM = INPLACE and what else the model does not hold; also what stands behind options without a comma.
    cursor.skipItem();
  } while (cursor.symbol(','));
  return { kind: 'alter table', table, actions };
}

function parseAction(cursor: TokenCursor, dialect: DdlDialect): readonly AlterAction[] {
  if (cursor.accept('ADD')) return parseAdd(cursor, dialect);
  if (cursor.accept('CHANGE')) return [parseChange(cursor, dialect)];
  if (cursor.accept('MODIFY')) return [parseModify(cursor, dialect)];
  if (cursor.accept('DROP')) return parseDrop(cursor);
  if (cursor.accept('ALTER')) return parseAlterColumn(cursor);
  if (cursor.accept('RENAME')) return parseRename(cursor);
  if (cursor.accept('CONVERT', 'TO')) return parseConvert(cursor);
  if (cursor.accept('ORDER', 'BY')) {
    // Its columns are cut by commas.
    do {
      cursor.name('the name of a column');
      if (!cursor.accept('ASC')) cursor.accept('DESC');
    } while (cursor.symbol(','));
    return [];
  }
  // What follows PARTITION is about partitions (PARTITION BY may hold anything), and nothing stands behind it.
  if (cursor.sees('PARTITION', 'BY') || cursor.sees('REMOVE', 'PARTITIONING')) {
    while (!cursor.done) cursor.next();
    return [];
  }
  const options = parseTableOptions(cursor);
  if (cursor.sees('PARTITION')) while (!cursor.done) cursor.next();
  return options.charsetName === null && options.comment === null ? [] : [{ kind: 'options', options }];
}

function parseAdd(cursor: TokenCursor, dialect: DdlDialect): readonly AlterAction[] {
  // ADD PARTITION (PARTITION p1 VALUES LESS THAN (10)); ADD SYSTEM VERSIONING; ADD PERIOD FOR.
  if (cursor.sees('PARTITION') || cursor.sees('SYSTEM', 'VERSIONING')) {
    cursor.skipItem();
    return [];
  }
  if (seesConstraint(cursor)) {
    const key = parseConstraint(cursor);
    return key === null ? [] : [{ kind: 'add key', key }];
  }
  cursor.accept('COLUMN');
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  if (cursor.symbol('(')) {
    return parseElements(cursor, dialect).map(element =>
      'key' in element ? { kind: 'add key', key: element.key } : { kind: 'add column', column: element.column, place: null, ifNotExists },
    );
  }
  const name = cursor.name('the name of a column');
  const column = parseColumnDefinition(cursor, name, dialect);
  return [{ kind: 'add column', column, place: parsePlace(cursor), ifNotExists }];
}

function parseChange(cursor: TokenCursor, dialect: DdlDialect): AlterAction {
  cursor.accept('COLUMN');
  const ifExists = cursor.accept('IF', 'EXISTS');
  const from = cursor.name('the name of a column');
  const column = parseColumnDefinition(cursor, cursor.name('the new name of a column'), dialect);
  return { kind: 'change column', from, column, place: parsePlace(cursor), ifExists, modify: false };
}

function parseModify(cursor: TokenCursor, dialect: DdlDialect): AlterAction {
  cursor.accept('COLUMN');
  const ifExists = cursor.accept('IF', 'EXISTS');
  const from = cursor.name('the name of a column');
  const column = parseColumnDefinition(cursor, from, dialect);
  return { kind: 'change column', from, column, place: parsePlace(cursor), ifExists, modify: true };
}

/** Words behind DROP that begin something other than a column. */
const dropped = new Set(['INDEX', 'KEY', 'FOREIGN', 'CONSTRAINT', 'CHECK', 'PARTITION', 'SYSTEM', 'PERIOD']);

function parseDrop(cursor: TokenCursor): readonly AlterAction[] {
  if (cursor.accept('PRIMARY', 'KEY')) return [{ kind: 'drop primary key' }];
  const behind = cursor.peek(1);
  // A column may have such a name: then nothing but a comma, RESTRICT or the end follows.
  const alone = behind.kind === 'end' || behind.raw === ',';
  if (!alone && cursor.peek().kind === 'word' && dropped.has(cursor.peek().upper)) {
    cursor.skipItem();
    return [];
  }
  cursor.accept('COLUMN');
  cursor.accept('IF', 'EXISTS');
  return [{ kind: 'drop column', name: cursor.name('the name of a column') }];
}

function parseAlterColumn(cursor: TokenCursor): readonly AlterAction[] {
  if (cursor.sees('INDEX') || cursor.sees('CHECK') || cursor.sees('CONSTRAINT') || cursor.sees('KEY')) return [];
  cursor.accept('COLUMN');
  cursor.accept('IF', 'EXISTS');
  const name = cursor.name('the name of a column');
  if (cursor.accept('DROP', 'DEFAULT')) return [{ kind: 'alter default', name, default: null }];
  if (!cursor.accept('SET', 'DEFAULT')) return [];
  return [{ kind: 'alter default', name, default: parseDefault(cursor) }];
}

function parseRename(cursor: TokenCursor): readonly AlterAction[] {
  if (cursor.accept('COLUMN')) {
    cursor.accept('IF', 'EXISTS');
    const from = cursor.name('the name of a column');
    if (!cursor.accept('TO')) throw cursor.unexpected('TO');
    return [{ kind: 'rename column', from, to: cursor.name('the new name of a column') }];
  }
  if (cursor.sees('INDEX') || cursor.sees('KEY')) return [];
  if (!cursor.accept('TO') && !cursor.accept('AS')) cursor.symbol('=');
  return [{ kind: 'rename', to: cursor.tableName() }];
}

function parseConvert(cursor: TokenCursor): readonly AlterAction[] {
  const charset = acceptCharset(cursor);
  if (charset === null) throw cursor.unexpected('CHARACTER SET');
  const collation = acceptCollation(cursor);
  const ofCollation = collation === null ? null : charsetOfCollation(collation);
  return [{ kind: 'convert', charsetName: charset.toUpperCase() === 'DEFAULT' ? (ofCollation ?? charset) : charset }];
}
