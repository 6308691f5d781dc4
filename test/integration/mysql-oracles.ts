import fc from 'fast-check';

/** A type, literals of it, and where it is to be had. */
export type MysqlOracle = {
  readonly type: string;
  /** As SQL. */
  readonly literal: fc.Arbitrary<string>;
  readonly only?: 'mysql' | 'mariadb';
  /** Snapshot and stream show the same value otherwise: made comparable. */
  readonly comparable?: (value: unknown) => unknown;
};

const int = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map(String);
const two = (value: number) => String(value).padStart(2, '0');
const hex = (bytes: Uint8Array) => `x'${Buffer.from(bytes).toString('hex')}'`;
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(hex);

/** Printable characters that a character set holds, among others. */
const textOf = (alphabet: string, maxLength: number) =>
  fc
    .array(fc.constantFrom(...alphabet), { maxLength })
    .map(characters => `convert(x'${Buffer.from(characters.join(''), 'utf8').toString('hex')}' using utf8mb4)`);

const ascii = ' !"#$%&()*+,-./0123456789:;<=>?@ABCXYZ[]^_`abcxyz{|}~\t\n';
const fractionOf = (digits: number) =>
  digits === 0 ? fc.constant('') : fc.integer({ min: 0, max: 10 ** digits - 1 }).map(value => `.${String(value).padStart(digits, '0')}`);

const date = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map(value => value.toISOString().slice(0, 10));
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }))
  .map(([hours, minutes, seconds]) => `${two(hours)}:${two(minutes)}:${two(seconds)}`);
const moment = (digits: number, from: string, to: string) =>
  fc
    .tuple(fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true }), clock, fractionOf(digits))
    .map(([day, time, fraction]) => `'${day.toISOString().slice(0, 10)} ${time}${fraction}'`);
const time = (digits: number) =>
  fc
    .tuple(fc.boolean(), fc.integer({ min: 0, max: 837 }), clock, fractionOf(digits))
    .map(([negative, hours, rest, fraction]) => `'${negative ? '-' : ''}${two(hours)}${rest.slice(2)}${fraction}'`);

const decimal = (precision: number, scale: number) =>
  fc
    .tuple(fc.boolean(), fc.integer({ min: 1, max: precision }), fc.infiniteStream(fc.integer({ min: 0, max: 9 })))
    .map(([negative, digits, stream]) => {
      const text = Array.from({ length: digits }, () => stream.next().value as number)
        .join('')
        .padStart(scale + 1, '0');
      const whole = text.slice(0, text.length - scale);
      return `${negative ? '-' : ''}${whole}${scale > 0 ? `.${text.slice(-scale)}` : ''}`;
    });

const jsonLiteral = fc
  .json({ maxDepth: 4 })
  .map(text => `convert(x'${Buffer.from(text.replaceAll('\\ud', 'd'), 'utf8').toString('hex')}' using utf8mb4)`);
const jsonCasts = fc
  .tuple(decimal(20, 5), moment(6, '1000-01-01', '9999-12-31'), time(6), date, fc.nat())
  .map(
    ([number, at, clock, day, unsigned]) =>
      `json_object('d', cast(${number} as decimal(20,5)), 'at', cast(${at} as datetime(6)), 't', cast(${clock} as time(6)), 'day', cast('${day}' as date), 'u', cast(${unsigned} as unsigned), 'big', cast(18446744073709551615 as unsigned))`,
  );

/** The reference's two forms of JSON differ in blanks, in doubles and in the zeros of times: the same document. */
export function comparableJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const times = /^(\d{4}-\d\d-\d\d )?-?\d\d+:\d\d:\d\d(\.\d+)?$/;
  return JSON.parse(value, (_, inner) =>
    typeof inner === 'string' && times.test(inner) ? inner.replace(/\.0*$|(\.\d*?)0+$/, '$1') : inner,
  );
}

const comparableTimestamp = (value: unknown) =>
  String(value).replace(/(\.\d*?)0*Z$/, (_, fraction: string) => (fraction === '.' ? 'Z' : `${fraction}Z`));

const coordinate = fc.integer({ min: -1000, max: 1000 }).map(value => value / 8);
const point = fc.tuple(coordinate, coordinate).map(([x, y]) => `${x} ${y}`);

const charsets: readonly (readonly [charset: string, alphabet: string])[] = [
  ['utf8mb4', 'aé漢😀'],
  ['utf8mb3', 'aé漢'],
  ['latin1', 'aéÿ€ŽŸ'],
  ['latin2', 'aąłż'],
  ['latin5', 'aşğı'],
  ['latin7', 'aāžė'],
  ['ascii', 'abc'],
  ['ucs2', 'aé漢'],
  ['utf16', 'aé漢😀'],
  ['utf16le', 'aé漢😀'],
  ['utf32', 'aé漢😀'],
  ['gbk', 'a汉字更'],
  ['gb2312', 'a汉字更'],
  ['big5', 'a漢字'],
  ['sjis', 'aカナ日本～'],
  ['cp932', 'aカナ日本①'],
  ['ujis', 'aカナ日本'],
  ['eucjpms', 'aカナ日本①'],
  ['euckr', 'a한글'],
  ['koi8r', 'aяж'],
  ['koi8u', 'aяїґ'],
  ['cp1250', 'ačřž'],
  ['cp1251', 'aяё'],
  ['cp1256', 'aعر'],
  ['cp1257', 'aāž'],
  ['cp850', 'aéß'],
  ['cp852', 'ačř'],
  ['cp866', 'aяж'],
  ['greek', 'aλέ'],
  ['hebrew', 'aאב'],
  ['tis620', 'aกข'],
  ['macroman', 'aéß'],
  ['macce', 'ačř'],
  ['armscii8', 'aԱբ'],
  ['geostd8', 'aაბ'],
  ['dec8', 'aéß'],
  ['hp8', 'aéß'],
  ['keybcs2', 'ačř'],
  ['swe7', 'aåäö'],
];

/** Every type, with literals of its whole range. */
export const mysqlOracles: readonly MysqlOracle[] = [
  { type: 'tinyint', literal: int(-128n, 127n) },
  { type: 'tinyint unsigned', literal: int(0n, 255n) },
  { type: 'tinyint(1)', literal: int(-128n, 127n) },
  { type: 'smallint', literal: int(-32768n, 32767n) },
  { type: 'smallint unsigned', literal: int(0n, 65535n) },
  { type: 'mediumint', literal: int(-8388608n, 8388607n) },
  { type: 'mediumint unsigned zerofill', literal: int(0n, 16777215n) },
  { type: 'int', literal: int(-(2n ** 31n), 2n ** 31n - 1n) },
  { type: 'int unsigned', literal: int(0n, 2n ** 32n - 1n) },
  { type: 'bigint', literal: int(-(2n ** 63n), 2n ** 63n - 1n) },
  { type: 'bigint unsigned', literal: int(0n, 2n ** 64n - 1n) },
  ...(
    [
      [1, 0],
      [5, 5],
      [9, 2],
      [10, 0],
      [15, 7],
      [16, 8],
      [18, 9],
      [27, 3],
      [38, 30],
      [65, 0],
      [65, 30],
    ] as const
  ).map(([precision, scale]) => ({ type: `decimal(${precision},${scale})`, literal: decimal(precision, scale) })),
  {
    type: 'double',
    literal: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (value === 0 ? '0' : value.toExponential())),
  },
  // The server writes no more than six digits of a float into results.
  { type: 'float', literal: fc.integer({ min: -999_999, max: 999_999 }).map(value => `${value}e-3`) },
  { type: 'float(9,2)', literal: fc.integer({ min: -99_999, max: 99_999 }).map(value => `${value}e-2`) },
  ...[1, 2, 8, 9, 16, 33, 63, 64].map(size => ({ type: `bit(${size})`, literal: int(0n, 2n ** BigInt(size) - 1n) })),
  { type: 'year', literal: int(1901n, 2155n) },
  { type: 'date', literal: date.map(value => `'${value}'`) },
  ...[0, 1, 2, 3, 4, 5, 6].flatMap(digits => [
    { type: `time(${digits})`, literal: time(digits) },
    { type: `datetime(${digits})`, literal: moment(digits, '1000-01-01', '9999-12-31') },
    { type: `timestamp(${digits})`, literal: moment(digits, '1970-01-02', '2038-01-18'), comparable: comparableTimestamp },
  ]),
  { type: 'char(20)', literal: textOf(`${ascii.trim()}é漢😀`, 20) },
  { type: 'varchar(300)', literal: textOf(`${ascii}é漢😀`, 300) },
  { type: 'tinytext', literal: textOf(ascii, 60) },
  { type: 'text', literal: textOf(ascii, 400) },
  { type: 'mediumtext', literal: textOf(`${ascii}漢`, 400) },
  { type: 'longtext', literal: textOf(ascii, 100) },
  ...charsets.map(([charset, alphabet]) => ({ type: `varchar(20) character set ${charset}`, literal: textOf(alphabet, 20) })),
  { type: 'binary(9)', literal: bytes(9) },
  { type: 'varbinary(400)', literal: bytes(400) },
  { type: 'tinyblob', literal: bytes(100) },
  { type: 'blob', literal: bytes(600) },
  { type: 'longblob', literal: bytes(600) },
  { type: "enum('a','b c','ü','','it''s')", literal: fc.constantFrom("'a'", "'b c'", "'ü'", "''", "'it''s'") },
  {
    type: `enum(${Array.from({ length: 300 }, (_, index) => `'m${index}'`).join()})`,
    literal: fc.integer({ min: 0, max: 299 }).map(index => `'m${index}'`),
  },
  {
    type: `set(${Array.from({ length: 64 }, (_, index) => `'m${index}'`).join()})`,
    literal: fc.uniqueArray(fc.integer({ min: 0, max: 63 })).map(chosen => `'${chosen.map(index => `m${index}`).join()}'`),
  },
  { type: "set('x','y') character set latin1", literal: fc.constantFrom("''", "'x'", "'y'", "'x,y'") },
  { type: 'json', literal: jsonLiteral, comparable: comparableJson },
  { type: 'json', literal: jsonCasts, comparable: comparableJson, only: 'mysql' },
  { type: 'point', literal: point.map(at => `st_geomfromtext('POINT(${at})')`) },
  {
    type: 'geometry',
    literal: fc.array(point, { minLength: 2, maxLength: 9 }).map(points => `st_geomfromtext('LINESTRING(${points.join()})', 3857)`),
  },
  {
    type: 'vector(5)',
    literal: fc
      .array(fc.integer({ min: -999, max: 999 }), { minLength: 5, maxLength: 5 })
      .map(cells => `to_vector('[${cells.map(cell => cell / 8).join()}]')`),
    only: 'mysql',
  },
  { type: 'uuid', literal: fc.uuid().map(value => `'${value}'`), only: 'mariadb' },
  { type: 'varchar(300) compressed', literal: textOf(`${ascii}é`, 300), only: 'mariadb' },
  { type: 'mediumtext compressed', literal: textOf(ascii, 300).map(text => `repeat(${text}, 20)`), only: 'mariadb' },
  { type: 'blob compressed', literal: bytes(600), only: 'mariadb' },
];
