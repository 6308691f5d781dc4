import fc from 'fast-check';

/** Names of a random run: few, so that statements meet each other; some that need their quotes. */
const tables = ['t', 'u', '`t two`', '`a``b`'];
const columns = ['a', 'b', 'c', 'Dd', '`e f`', '`key`', '`g``h`'];
const table = fc.constantFrom(...tables);
const column = fc.constantFrom(...columns);

const charset = fc.constantFrom('utf8mb4', 'latin1', 'utf8mb3', 'gbk', 'ascii', "'latin1'");
const characterTypes = fc.constantFrom(
  ...['char', 'char(5)', 'varchar(20)', 'character varying(7)', 'tinytext', 'text', 'text(300)', 'mediumtext', 'longtext', 'long varchar'],
  ...["enum('x','y,z','it''s')", "set('a','b')", 'character(3)', 'varcharacter(9)'],
);
const otherTypes = fc.constantFrom(
  ...[
    'int',
    'int(11)',
    'integer',
    'tinyint',
    'tinyint(1)',
    'bool',
    'boolean',
    'smallint',
    'mediumint',
    'middleint',
    'bigint',
    'int1',
    'int8',
  ],
  ...['int unsigned', 'bigint unsigned', 'smallint unsigned zerofill', 'int(5) zerofill', 'tinyint signed', 'decimal(9,3) unsigned'],
  ...[
    'decimal',
    'decimal(12)',
    'decimal(10,4)',
    'numeric(5,2)',
    'dec',
    'fixed(8)',
    'float',
    'float(7,3)',
    'float4',
    'double',
    'double precision',
    'real',
  ],
  ...['bit', 'bit(12)', 'date', 'time', 'time(3)', 'datetime', 'datetime(6)', 'timestamp null', 'timestamp(2) null', 'year', 'year(4)'],
  ...['binary', 'binary(16)', 'varbinary(30)', 'tinyblob', 'blob', 'blob(70000)', 'mediumblob', 'longblob', 'long varbinary'],
  ...['json', 'geometry', 'point', 'linestring', 'polygon', 'multipoint', 'geometrycollection'],
  ...['nchar', 'nchar(4)', 'national char(6)', 'national varchar(8)', 'nvarchar(5)', 'nchar varchar(4)'],
);
const type = fc.oneof(
  { weight: 2, arbitrary: otherTypes },
  fc
    .tuple(
      characterTypes,
      fc.option(charset),
      fc.constantFrom('', '', ' collate utf8mb4_bin', ' collate latin1_bin', ' character set utf8mb4 binary'),
    )
    .map(([name, set, tail]) => (set === null ? `${name}${tail}` : `${name} character set ${set}`)),
);
const attribute = fc.constantFrom(
  ...['not null', 'null', 'not null', 'default null', "comment 'it''s a (column), you see'", 'unique', 'invisible', 'primary key'],
  ...["default '1'", 'default 1', "default ''", 'default (1 + (2 * 3))', 'default current_timestamp', "comment ''", 'check (1 > 0)'],
  ...['/* a, comment */', '/*!80000 null */', 'auto_increment unique', 'references r (a) on delete set null'],
);
const definition = fc.tuple(type, fc.uniqueArray(attribute, { maxLength: 3 })).map(([name, attributes]) => [name, ...attributes].join(' '));
const generated = fc.constantFrom('int generated always as (1 + 1) stored', 'varchar(9) as (concat("a", \'b\')) virtual not null');
const columnDefinition = fc.oneof({ weight: 6, arbitrary: definition }, { weight: 1, arbitrary: generated });
const place = fc.oneof(
  fc.constantFrom('', '', ' first'),
  column.map(name => ` after ${name}`),
);

const key = fc
  .tuple(
    fc.constantFrom('primary key', 'unique key k', 'unique', 'constraint x unique index y using btree', 'index i'),
    fc.uniqueArray(column, { minLength: 1, maxLength: 2 }),
  )
  .map(([kind, names]) => `${kind} (${names.join(', ')})`);
const option = fc.constantFrom(
  ...[
    '',
    '',
    ' default charset latin1',
    ' character set = utf8mb4',
    ' charset=gbk',
    ' collate utf8mb4_bin',
    " comment 'of t'",
    ' engine=InnoDB, charset ascii',
  ],
  ' auto_increment = 7 default character set utf8mb3 collate utf8mb3_bin row_format=dynamic',
);

const create = fc
  .tuple(
    fc.constantFrom('create table', 'create table if not exists', 'CREATE  TABLE'),
    table,
    fc.uniqueArray(column, { minLength: 1, maxLength: 5 }),
    fc.array(columnDefinition, { minLength: 5, maxLength: 5 }),
    fc.option(key),
    option,
  )
  .map(([verb, name, names, definitions, extra, tail]) => {
    const parts = names.map((each, index) => `${each} ${definitions[index]}`);
    return `${verb} ${name} (\n  ${[...parts, ...(extra === null ? [] : [extra])].join(',\n  ')}\n)${tail}`;
  });

/** What CHANGE leaves unsaid of a column's comment goes with the server, and is kept by Debezium, and so by the models. */
function withComment(what: string): string {
  return /comment '/.test(what) ? what : `${what} comment ''`;
}

/** MariaDB 10.11 keeps the former table beside the new one where an ALTER rebuilds a table whose name has a backquote and renames it with that. */
export function doublesTable(statement: string): boolean {
  return /^alter table `a``b` .*\brename to /is.test(statement);
}

/** Names of the columns that a statement's CHANGEs are of. */
export function changedColumns(statement: string): readonly string[] {
  return [...statement.matchAll(/\bchange (?:`((?:[^`]|``)+)`|(\w+)) /g)].map(([, quoted, bare]) => quoted?.replaceAll('``', '`') ?? bare!);
}

const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('add', 'add column'), column, columnDefinition, place)
      .map(parts => `${parts[0]} ${parts[1]} ${parts[2]}${parts[3]}`),
  },
  fc
    .tuple(fc.uniqueArray(column, { minLength: 2, maxLength: 2 }), definition, definition)
    .map(([[a, b], one, two]) => `add (${a} ${one}, ${b} ${two})`),
  { weight: 2, arbitrary: fc.tuple(column, definition, place).map(([name, what, where]) => `modify column ${name} ${what}${where}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(column, column, definition, place)
      .map(([from, to, what, where]) => `change ${from} ${to} ${withComment(what)}${where}`),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('drop', 'drop column'), column).map(parts => parts.join(' ')) },
  fc.tuple(column, column).map(([from, to]) => `rename column ${from} to ${to}`),
  fc
    .tuple(column, fc.constantFrom("set default '5'", 'drop default', 'set default (7)'))
    .map(([name, what]) => `alter column ${name} ${what}`),
  key.map(what => `add ${what}`),
  fc.constant('drop primary key'),
  table.map(name => `rename to ${name}`),
  fc.constantFrom(
    'convert to character set latin1',
    'convert to character set utf8mb4 collate utf8mb4_bin',
    'default character set gbk',
    "comment = 'x'",
  ),
  fc.constantFrom('engine = InnoDB', 'algorithm = copy', 'lock = default', 'force', 'order by a'),
);
const alter = fc
  .tuple(fc.constantFrom('alter table', 'ALTER TABLE'), table, fc.array(action, { minLength: 1, maxLength: 3 }))
  .map(([verb, name, actions]) => `${verb} ${name} ${actions.join(', ')}`);

/** A statement, right or wrong: the server is the judge. */
export const randomStatement: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 8, arbitrary: alter },
  fc.uniqueArray(table, { minLength: 1, maxLength: 2 }).map(names => `drop table if exists ${names.join(', ')}`),
  fc.tuple(table, table).map(([from, to]) => `rename table ${from} to ${to}`),
  fc.tuple(table, table).map(([name, from]) => `create table ${name} like ${from}`),
  fc.tuple(table, column).map(([name, part]) => `create unique index ui on ${name} (${part})`),
  table.map(name => `truncate table ${name}`),
);
