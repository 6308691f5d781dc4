import fc from 'fast-check';
import type { ValueOptions } from '../../connectors/postgres/values/value-options.ts';
import type { Struct, Value } from '../../src/contract/index.ts';

/**
 * The server as the oracle: for random values of a type it gives the text that a reader reads and, by its own arithmetic, what that
 * reader must make of it. Each run sends a few hundred values in one query.
 */
export type Oracle = {
  readonly type: string;
  /** SQL literals of the values. */
  readonly literal: fc.Arbitrary<string>;
  /** SQL over `v` that says, as text, what `shown` must make of the value read. */
  readonly sql: string;
  readonly shown: (value: Value) => string;
  readonly options?: Partial<ValueOptions>;
  /** How far numbers may be apart; they must be the same text where this is left out. */
  readonly tolerance?: number;
};

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${count}}$`));
const sign = fc.constantFrom('', '-');
const hex = (value: Value) => Buffer.from(value as Uint8Array).toString('hex');

/** Days from 4713 BC to 294276 AD as a timestamp literal with microseconds. */
const moment = fc
  .tuple(fc.integer({ min: -2_440_000, max: 106_751_000 }), fc.integer({ min: 0, max: 86_399_999_999 }))
  .map(([days, micros]) => `(timestamp '1970-01-01' + interval '${days} days' + interval '${micros} microseconds')`);
/** The years in which records are made, twice as likely. */
const modern = fc.integer({ min: -(2 ** 51), max: 2 ** 52 }).map(micros => `(timestamp '1970-01-01' + interval '${micros} microseconds')`);
const timestamp = fc.oneof(moment, modern, modern, fc.constantFrom("'infinity'::timestamp", "'-infinity'::timestamp"));
const epochMicros = `case when v = 'infinity' then 9223372036825200000 when v = '-infinity' then -9223372036832400000
  else extract(epoch from v) * 1000000 end::numeric(30, 0)`;

/** The unscaled value of a Decimal's bytes. */
function unscaled(value: Value): bigint {
  const text = hex(value);
  return BigInt.asIntN(text.length * 4, BigInt(`0x${text}`));
}

const unicode = fc.string({ unit: 'grapheme', maxLength: 40 }).map(text => text.replaceAll('\0', ''));
const escaped = (text: string) => `e${quoted(text.replaceAll('\\', '\\\\'))}`;
const textLiteral = unicode.map(escaped);
/** At most so many characters, of which a grapheme may be several. */
const shortLiteral = (characters: number) => unicode.map(text => escaped([...text].slice(0, characters).join('')));

export const oracles: readonly Oracle[] = [
  { type: 'smallint', literal: fc.integer({ min: -32_768, max: 32_767 }).map(n => `(${n})`), sql: 'v::text', shown: String },
  { type: 'integer', literal: fc.integer().map(n => `(${n})::bigint`), sql: 'v::text', shown: String },
  { type: 'bigint', literal: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(n => `'${n}'`), sql: 'v::text', shown: String },
  { type: 'oid', literal: fc.nat(0xffffffff).map(n => `'${n}'`), sql: 'v::text', shown: String },
  {
    type: 'real',
    literal: fc.float().map(n => `'${n}'`),
    sql: "encode(float4send(v), 'hex')",
    shown: value => {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(value as number);
      return bytes.toString('hex');
    },
  },
  {
    type: 'double precision',
    literal: fc.double().map(n => `'${Object.is(n, -0) ? '-0' : n}'`),
    sql: "encode(float8send(v), 'hex')",
    shown: value => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return bytes.toString('hex');
    },
  },
  {
    type: 'numeric(38,9)',
    literal: fc.tuple(sign, digits(29), digits(9)).map(([minus, whole, fraction]) => `'${minus}${whole}.${fraction}'`),
    sql: '(v * 1000000000)::numeric(60, 0)::text',
    shown: value => String(unscaled(value)),
  },
  {
    type: 'numeric(12,2)',
    literal: fc.tuple(sign, digits(10), digits(2)).map(([minus, whole, fraction]) => `'${minus}${whole}.${fraction}'`),
    sql: '(v * 100)::numeric(60, 0)::text',
    shown: value => String(unscaled(value)),
  },
  {
    type: 'numeric(5,-3)',
    // Rounded to thousands it must have five digits still.
    literal: fc
      .tuple(
        sign,
        digits(8).filter(whole => Number(whole) < 99_999_500),
      )
      .map(([minus, whole]) => `'${minus}${whole}'`),
    sql: '(v / 1000)::numeric(60, 0)::text',
    shown: value => String(unscaled(value)),
  },
  {
    type: 'numeric',
    literal: fc.tuple(sign, digits(40), digits(30)).map(([minus, whole, fraction]) => `'${minus}${whole}.${fraction}'`),
    sql: 'trim_scale(v)::text',
    shown: value => {
      const [scale, bytes] = (value as Struct).values as [number, Uint8Array];
      const number = unscaled(bytes);
      const text = String(number < 0n ? -number : number).padStart(scale + 1, '0');
      return `${number < 0n ? '-' : ''}${text.slice(0, text.length - scale)}${scale > 0 ? `.${text.slice(-scale)}` : ''}`;
    },
  },
  {
    type: 'money',
    literal: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map(n => `('${n}'::numeric / 100)`),
    sql: '(v::numeric * 100)::numeric(30, 0)::text',
    shown: value => String(unscaled(value)),
  },
  { type: 'boolean', literal: fc.boolean().map(String), sql: 'v::text', shown: String },
  {
    type: 'text',
    literal: textLiteral,
    sql: "encode(convert_to(v, 'UTF8'), 'hex')",
    shown: value => Buffer.from(value as string).toString('hex'),
  },
  {
    type: 'char(50)',
    literal: shortLiteral(50),
    sql: "encode(bpcharsend(v), 'hex')",
    shown: value => Buffer.from(value as string).toString('hex'),
  },
  {
    type: 'bytea',
    literal: fc.uint8Array({ maxLength: 60 }).map(bytes => `'\\x${Buffer.from(bytes).toString('hex')}'`),
    sql: "encode(v, 'hex')",
    shown: hex,
  },
  {
    type: 'bit varying',
    literal: fc.stringMatching(/^[01]{1,70}$/).map(bits => `B'${bits}'`),
    sql: "coalesce(nullif(ltrim(v::text, '0'), ''), '0')",
    shown: value => {
      const bytes = Buffer.from(value as Uint8Array).reverse();
      return bytes.length === 0 ? '0' : BigInt(`0x${bytes.toString('hex')}`).toString(2);
    },
  },
  { type: 'date', literal: moment, sql: "(v - date '1970-01-01')::text", shown: String },
  {
    type: 'time',
    literal: fc.integer({ min: 0, max: 86_400_000_000 }).map(n => `(time '00:00' + interval '${n} microseconds')`),
    sql: '(extract(epoch from v) * 1000000)::bigint::text',
    shown: String,
  },
  {
    type: 'time(3)',
    literal: fc.integer({ min: 0, max: 86_399_999 }).map(n => `(time '00:00' + interval '${n} milliseconds')`),
    sql: '(extract(epoch from v) * 1000)::bigint::text',
    shown: String,
  },
  {
    type: 'timetz',
    literal: fc
      .tuple(fc.integer({ min: 0, max: 86_399_999_999 }), fc.integer({ min: -57_599, max: 57_599 }))
      .map(
        ([micros, offset]) =>
          `((time '00:00' + interval '${micros} microseconds')::text || case when ${offset} < 0 then '-' else '+' end || (interval '${Math.abs(offset)} seconds')::text)::timetz`,
      ),
    sql: "(v at time zone 'UTC')::time::text",
    shown: value => (value as string).slice(0, -1),
  },
  { type: 'timestamp', literal: timestamp, sql: `(${epochMicros})::text`, shown: String },
  { type: 'timestamp(3)', literal: timestamp, sql: `trunc((${epochMicros}) / 1000, 0)::text`, shown: String },
  {
    type: 'timestamptz',
    literal: timestamp,
    // ISO years are astronomical, with at least four digits and beyond 9999 a sign.
    sql: `case when isfinite(v) then
      (select case when y < 0 then '-' when y > 9999 then '+' else '' end || lpad(abs(y)::text, greatest(4, length(abs(y)::text)), '0')
         from (select extract(year from v)::int + case when extract(year from v) < 0 then 1 else 0 end as y) as years)
      || to_char(v, '-MM-DD"T"HH24:MI:SS.US"Z"') else v::text end`,
    shown: String,
  },
  {
    type: 'interval',
    literal: fc
      .tuple(
        fc.integer({ min: -9999, max: 9999 }),
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      )
      .map(([months, days, micros]) => `(interval '${months} months' + interval '${days} days' + interval '${micros} microseconds')`),
    // Microseconds of all parts, months of 30.4375 days; the reference reckons in doubles.
    sql: `(((extract(year from v) * 12 + extract(month from v)) * 30.4375 * 86400 + extract(day from v) * 86400
      + extract(hour from v) * 3600 + extract(minute from v) * 60 + extract(second from v)) * 1000000)::text`,
    shown: String,
    tolerance: 16,
  },
  { type: 'uuid', literal: fc.uuid().map(quoted), sql: 'v::text', shown: String },
  {
    type: 'jsonb',
    literal: fc
      .json({ noUnicodeString: false })
      .filter(text => !text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text) && text.isWellFormed())
      .map(text => `e${quoted(text.replaceAll('\\', '\\\\'))}`),
    sql: 'v::text',
    shown: String,
  },
  {
    type: 'hstore',
    options: { hstoreHandlingMode: 'map' },
    literal: fc
      .array(fc.tuple(textLiteral, fc.option(textLiteral)), { minLength: 1, maxLength: 5 })
      .map(pairs => `hstore(array[${pairs.map(([key]) => key)}]::text[], array[${pairs.map(([, value]) => value ?? 'null')}]::text[])`),
    sql: "(select string_agg(encode(convert_to(key, 'UTF8'), 'hex') || '=' || coalesce(encode(convert_to(value, 'UTF8'), 'hex'), 'null'), ',' order by encode(convert_to(key, 'UTF8'), 'hex') collate \"C\") from each(v))",
    shown: value =>
      [...(value as ReadonlyMap<string, string | null>)]
        .map(([key, item]) => [Buffer.from(key).toString('hex'), item === null ? 'null' : Buffer.from(item).toString('hex')])
        .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
        .map(([key, item]) => `${key}=${item}`)
        .join(),
  },
  {
    type: 'text[]',
    literal: fc
      .array(fc.option(fc.oneof(textLiteral, fc.constantFrom("'null'", "'NULL'", "''", "'{}'", "','", "' '"))), { maxLength: 6 })
      .map(items => `array[${items.map(item => item ?? 'null')}]::text[]`),
    sql: "(select coalesce(string_agg(coalesce(encode(convert_to(item, 'UTF8'), 'hex'), 'null'), ',' order by place), '') from unnest(v) with ordinality as items(item, place))",
    shown: value => (value as readonly (string | null)[]).map(item => (item === null ? 'null' : Buffer.from(item).toString('hex'))).join(),
  },
  {
    type: 'bigint[]',
    literal: fc
      .tuple(
        fc.integer({ min: -5, max: 5 }),
        fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer()), { minLength: 1, maxLength: 4 }),
      )
      .map(([lower, rows]) => `'[${lower}:${lower + rows.length - 1}][1:2]={${rows.map(([a, b]) => `{${a},${b}}`)}}'`),
    sql: "(select string_agg(item::text, ',' order by place) from unnest(v) with ordinality as items(item, place))",
    shown: value => (value as readonly bigint[]).join(),
  },
  {
    type: 'bytea[]',
    literal: fc
      .array(fc.uint8Array({ maxLength: 9 }), { maxLength: 4 })
      .map(items => `array[${items.map(bytes => `'\\x${Buffer.from(bytes).toString('hex')}'`)}]::bytea[]`),
    sql: "(select coalesce(string_agg(encode(item, 'hex'), ',' order by place), '') from unnest(v) with ordinality as items(item, place))",
    shown: value => (value as readonly Uint8Array[]).map(hex).join(),
  },
  {
    type: 'point',
    literal: fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true })).map(([x, y]) => `point('${x}', '${y}')`),
    sql: "encode(float8send(v[0]) || float8send(v[1]), 'hex')",
    shown: value => {
      const [x, y] = (value as Struct).values as [number, number];
      const bytes = Buffer.alloc(16);
      bytes.writeDoubleBE(x);
      bytes.writeDoubleBE(y, 8);
      return bytes.toString('hex');
    },
  },
];
