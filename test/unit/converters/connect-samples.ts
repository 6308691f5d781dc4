import {
  arraySchema,
  type Converter,
  type HeaderConverter,
  type Logger,
  mapSchema,
  type PluginContext,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  unscaledBytes,
  type Value,
} from '../../../src/contract/index.ts';
import { JsonConverter, type JsonSettings } from '../../../src/converters/json/json-converter.ts';
import { stringConverter } from '../../../src/converters/primitive/string-converter.ts';
import { simpleHeaderConverter } from '../../../src/converters/simple-header-converter.ts';

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
export const context: PluginContext = { connector: 'c', task: 0, logger, clock: { nowMs: () => 0, nowNs: () => 0n } };

const settings: JsonSettings = { schemasEnable: true, schemasCacheSize: 100, decimalFormat: 'base64', replaceNullWithDefault: true };
export const json = (changes: Partial<JsonSettings> = {}): JsonConverter => new JsonConverter({ ...settings, ...changes });
export const simpleHeaders: HeaderConverter = simpleHeaderConverter.create(undefined, context);

/** A converter with its config spelled as a user would. */
export function created<Config, Made>(
  plugin: { spec: { parse(raw: Record<string, string>): { config: Config | null } }; create(config: Config, context: PluginContext): Made },
  raw: Record<string, string> = {},
): Made {
  const { config } = plugin.spec.parse(raw);
  if (config === null) throw new Error('invalid config');
  return plugin.create(config, context);
}
export const strings: Converter & HeaderConverter = created(stringConverter);

/** What of a sample the real converter was asked: its bytes, `null`, or null where it refused. */
export type Sample = { readonly name: string; readonly serialize: () => Uint8Array | null };

const texts = [
  'plain',
  'q"b\\s/',
  '\u0000\u0001\b\t\n\u000b\f\r\u001f\u007f',
  'é ☃ \u2028',
  'grin \ud83d\ude00!',
  'lone \ud83d end',
  'low \ude00',
  '\ud83d',
  '',
];
const doubles = [
  0,
  -0,
  1,
  1.5,
  0.001,
  9.999e-4,
  9999999,
  1e7,
  1e10,
  1e21,
  1e-5,
  123456789.125,
  4.9e-324,
  1.7976931348623157e308,
  2.2250738585072014e-308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2e23,
  9007199254740992,
];
/** Text as BigDecimal reads it, unscaled value, scale. */
const decimals: readonly (readonly [bigint, number])[] = [
  [0n, 0],
  [0n, 2],
  [1250n, 2],
  [-1250n, 2],
  [1n, -3],
  [1n, 6],
  [1n, 7],
  [-12n, 8],
  [123456789012345678901234567890123456789n, 9],
  [5n, 10],
];

export const connectDate = schemaOf('int32', { name: schemas.connectDate, version: 1 });
export const connectTime = schemaOf('int32', { name: schemas.connectTime, version: 1 });
export const connectTimestamp = schemaOf('int64', { name: schemas.connectTimestamp, version: 1 });
export const decimal = (scale: number): Schema =>
  schemaOf('bytes', { name: schemas.connectDecimal, version: 1, parameters: { scale: String(scale) } });

const rich = schemaOf('string', {
  optional: true,
  name: 'io.debezium.data.Enum',
  version: 1,
  doc: 'a "doc"',
  parameters: { allowed: 'a,b', z: '1', b: '2' },
  default: 'a',
});
const array = arraySchema(schemas.optionalInt32, { optional: true });
const map = mapSchema(schemas.string, schemas.optionalInt32, { name: 'm' });
const intMap = mapSchema(schemas.int32, schemas.string);
const inner = structSchema(
  [
    ['x', schemas.int64],
    ['é', schemas.optionalBytes],
  ],
  { name: 'in"ner', optional: true },
);
/** A struct of everything. */
export const outer = structSchema(
  [
    ['id', schemas.int64],
    ['flag', schemaOf('boolean', { default: true })],
    ['opt', schemaOf('int16', { optional: true, default: 7 })],
    ['in', inner],
    ['q"f', schemas.optionalString],
    ['i8', schemas.optionalInt8],
    ['d', connectDate],
    ['t', connectTime],
    ['ts', connectTimestamp],
  ],
  { name: 'outer', version: 2 },
);
export const everything = new Struct(outer, [
  -(2n ** 63n),
  false,
  null,
  new Struct(inner, [2n ** 63n - 1n, Uint8Array.of(0, 255, 127, 3)]),
  null,
  -5,
  20000,
  3661001,
  1700000000123n,
]);
const withoutBytes = new Struct(outer, [1n, false, null, null, 'a"b\\c', null, 20000, 3661001, 1700000000123n]);
const withoutId = new Struct(outer, [null, true, null, null, null, null, null, null, null]);
const optionalStruct = structSchema([['a', schemas.int32]], { optional: true });

function jsonSample(name: string, schema: Schema | null, value: Value, changes: Partial<JsonSettings> = {}): Sample {
  return { name, serialize: () => json(changes).serialize('t', schema, value) };
}

function headerSamples(name: string, schema: Schema | null, value: Value): readonly Sample[] {
  const header = { key: 'h', schema, value };
  return [
    { name: `header ${name}`, serialize: () => simpleHeaders.serializeHeader('t', header) },
    { name: `string ${name}`, serialize: () => strings.serializeHeader('t', header) },
  ];
}

const plain = { schemasEnable: false };

/** The samples in connect-4.1.1.tsv, by the same names. */
export const samples: readonly Sample[] = [
  ...texts.flatMap((text, index) => [
    jsonSample(`text ${index}`, schemas.string, text, plain),
    jsonSample(`text in schema ${index}`, schemas.string, text),
    ...headerSamples(`text ${index}`, schemas.string, text),
    ...headerSamples(`texts ${index}`, null, [text, 'x']),
    jsonSample(`text key ${index}`, null, new Map([[text, 1]]), plain),
  ]),
  ...doubles.flatMap((double, index) => [
    jsonSample(`double ${index}`, schemas.float64, double, plain),
    jsonSample(`float ${index}`, schemas.float32, Math.fround(double), plain),
    ...headerSamples(`double ${index}`, schemas.float64, double),
  ]),
  ...decimals.flatMap(([unscaled, scale], index) => [
    jsonSample(`decimal ${index}`, decimal(scale), unscaledBytes(unscaled), { ...plain, decimalFormat: 'numeric' }),
    jsonSample(`decimal base64 ${index}`, decimal(scale), unscaledBytes(unscaled), plain),
    jsonSample(`decimal schema ${index}`, decimal(scale), unscaledBytes(unscaled)),
    ...headerSamples(`decimal ${index}`, decimal(scale), unscaledBytes(unscaled)),
  ]),
  jsonSample('rich', rich, null),
  jsonSample('rich kept null', rich, null, { replaceNullWithDefault: false }),
  jsonSample('rich plain null', rich, null, plain),
  jsonSample('array', array, [1, null, 3]),
  jsonSample('array empty', array, [], plain),
  jsonSample(
    'map',
    map,
    new Map([
      ['b', 1],
      ['a', null],
    ]),
  ),
  jsonSample(
    'int map',
    intMap,
    new Map([
      [1, 'x'],
      [2, 'y'],
    ]),
  ),
  ...headerSamples(
    'int map',
    intMap,
    new Map([
      [1, 'x'],
      [2, 'y'],
    ]),
  ),
  ...headerSamples(
    'map',
    map,
    new Map([
      ['b', 1],
      ['a', null],
    ]),
  ),
  ...headerSamples('array', array, [1, null, 3]),
  ...[true, false].flatMap(schemasEnable => [
    jsonSample(`struct ${schemasEnable}`, outer, everything, { schemasEnable }),
    jsonSample(`struct kept nulls ${schemasEnable}`, outer, everything, { schemasEnable, replaceNullWithDefault: false }),
  ]),
  ...headerSamples('struct', outer, everything),
  ...headerSamples('struct without bytes', outer, withoutBytes),
  jsonSample('struct missing id', outer, withoutId, plain),
  jsonSample('optional struct null', optionalStruct, null),
  jsonSample('optional struct null plain', optionalStruct, null, plain),
  jsonSample('required null', schemas.int32, null),
  jsonSample('tombstone', null, null),
  jsonSample('schemaless null', null, null, plain),
  jsonSample(
    'schemaless map',
    null,
    new Map<Value, Value>([
      ['a', 1],
      ['b', 1.5],
      ['c', [true, null, 'x']],
    ]),
  ),
  jsonSample('schemaless int map', null, new Map([[1n, 'a']]), plain),
  ...headerSamples('bytes', schemas.bytes, Uint8Array.of(1, 2, 3)),
  ...headerSamples('bool', schemas.boolean, true),
  ...headerSamples('long', schemas.int64, 5n),
  ...headerSamples('null', null, null),
  ...headerSamples('date', connectDate, 20000),
  ...headerSamples('time', connectTime, 3661001),
  ...headerSamples('timestamp', connectTimestamp, 1700000000123n),
];
