import {
  type ConfigSpec,
  type ConnectRecord,
  configSpec,
  type Logger,
  options,
  type Plugin,
  type Schema,
  SluiceError,
  Struct,
  schemas,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, structAt, textAt, transformFailed } from './envelope.ts';
import { type FieldSelection, type TimezoneRules, timezoneRules } from './time/rules.ts';
import { type TimeZone, timeZone } from './time/time-zone.ts';
import { timeAtOffset, timestampInZone } from './time/zoned-text.ts';

type ConverterConfig = { readonly zone: TimeZone; readonly rules: TimezoneRules };

const listDoc =
  'source:TABLE, source:TABLE:FIELD, topic:TOPIC, topic:TOPIC:FIELD, or NAME:FIELD (a table or a topic), separated by commas; FIELD may ' +
  'begin with before., after. or source. (source.ts_ms is converted only if named).';

const converterSpec: ConfigSpec<ConverterConfig> = configSpec({
  doc: 'Converts times of rows from UTC to a time zone.',
  options: {
    'converted.timezone': options.parsed(
      'STRING',
      {
        importance: 'HIGH',
        displayName: 'Converted Timezone',
        doc: 'The time zone that time fields are converted to: a name (America/Los_Angeles) or an offset (+08:00).',
      },
      timeZone,
    ),
    'include.list': options.list({
      default: '',
      importance: 'HIGH',
      displayName: 'Include List',
      doc: `The fields to convert: ${listDoc}`,
    }),
    'exclude.list': options.list({
      default: '',
      importance: 'HIGH',
      displayName: 'Exclude List',
      doc: `The fields not to convert: ${listDoc}`,
    }),
  },
  refine(config, _raw, report): ConverterConfig {
    const { 'include.list': included, 'exclude.list': excluded } = config;
    if (included.length > 0 && excluded.length > 0) report.fault('exclude.list', 'Set include.list or exclude.list, not both.');
    const kind = excluded.length > 0 ? 'exclude' : 'include';
    let rules: TimezoneRules = () => null;
    try {
      rules = timezoneRules(kind, kind === 'exclude' ? excluded : included);
    } catch (error) {
      report.fault(`${kind}.list`, (error as Error).message);
    }
    return { zone: config['converted.timezone'], rules };
  },
});

/** Units of an integer timestamp in a second, by logical name. */
const unitsPerSecond: Readonly<Record<string, bigint>> = {
  'io.debezium.time.Timestamp': 1_000n,
  [schemas.connectTimestamp]: 1_000n,
  'io.debezium.time.MicroTimestamp': 1_000_000n,
  'io.debezium.time.NanoTimestamp': 1_000_000_000n,
};
const epochFields: Readonly<Record<string, bigint>> = { ts_ms: 1_000n, ts_us: 1_000_000n, ts_ns: 1_000_000_000n };
const unsupportedTypes: ReadonlySet<string> = new Set([
  'io.debezium.time.Date',
  'io.debezium.time.MicroTime',
  'io.debezium.time.NanoTime',
  'io.debezium.time.Time',
  schemas.connectDate,
  schemas.connectTime,
]);

/**
 * io.debezium.transforms.TimezoneConverter: timestamps of a row (and, if named, of `source`) in another time zone. Texts keep their instant and
 * show the zone's offset; integers, which have no zone, are read as local time of the zone and so shifted. Times with a zone get the
 * offset that holds today, hence the clock. Dates and times without one are left, which is said once.
 */
export const timezoneConverter: Plugin<ConverterConfig, Transform> = {
  spec: converterSpec,
  sharedHeaders: 'keeps',
  create(config, { logger, clock }) {
    const converter = new RecordConverter(config, logger, () => config.zone.offsetAt(clock.nowMs()));
    return record => {
      try {
        return converter.apply(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('TimezoneConverter', record, (error as Error).message, error);
      }
    };
  },
};

type Conversion = (value: Exclude<Value, null>) => Value;
type FieldConversion = { readonly index: number; readonly default: Value; readonly convert: Conversion };
type RowPart = 'before' | 'after' | 'source';

class RecordConverter {
  readonly #config: ConverterConfig;
  readonly #logger: Logger;
  readonly #offsetToday: () => number;
  readonly #plans = new WeakMap<FieldSelection, Readonly<Record<RowPart, WeakMap<Schema, readonly FieldConversion[]>>>>();

  constructor(config: ConverterConfig, logger: Logger, offsetToday: () => number) {
    this.#config = config;
    this.#logger = logger;
    this.#offsetToday = offsetToday;
  }

  apply<R extends ConnectRecord>(record: R): R {
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const layout = layoutOf(envelope.schema);
    const source = structAt(envelope, layout.source);
    const table = source && textAt(source, source.schema.indexOf('table'));
    const selection = this.#config.rules(record.topic, table);
    if (selection === null) return record;
    const values = envelope.values.slice();
    let changed = false;
    for (const part of ['before', 'after', 'source'] as const) {
      if (part === 'source' && (selection.kind === 'all' || selection.source.size === 0)) continue;
      const struct = structAt(envelope, layout[part]);
      if (struct === null) continue;
      const converted = this.#converted(struct, part, selection);
      if (converted === struct) continue;
      values[layout[part]] = converted;
      changed = true;
    }
    return changed ? { ...record, value: new Struct(envelope.schema, values) } : record;
  }

  #converted(struct: Struct, part: RowPart, selection: FieldSelection): Struct {
    const conversions = this.#conversionsFor(struct.schema, part, selection);
    if (conversions.length === 0) return struct;
    const values = struct.values.slice();
    for (const field of conversions) {
      const value = values[field.index] ?? field.default;
      if (value !== null) values[field.index] = field.convert(value);
    }
    return new Struct(struct.schema, values);
  }

  #conversionsFor(schema: Schema, part: RowPart, selection: FieldSelection): readonly FieldConversion[] {
    let plans = this.#plans.get(selection);
    if (plans === undefined) {
      plans = { before: new WeakMap(), after: new WeakMap(), source: new WeakMap() };
      this.#plans.set(selection, plans);
    }
    let conversions = plans[part].get(schema);
    if (conversions === undefined) {
      conversions = schema.fields
        .filter(({ name }) => selection.kind === 'all' || selection[part].has(name) === (selection.kind === 'include'))
        .flatMap(({ name, index, schema: field }) => {
          const convert = this.#conversion(name, field, part);
          return convert === null ? [] : [{ index, default: field.default ?? null, convert }];
        });
      plans[part].set(schema, conversions);
    }
    return conversions;
  }

  #conversion(field: string, { name }: Schema, part: RowPart): Conversion | null {
    const { zone } = this.#config;
    if (name === null) {
      const units = part === 'source' ? epochFields[field] : undefined;
      return units === undefined ? null : numeric(units, secondMs => zone.offsetAt(secondMs), 1n);
    }
    if (unsupportedTypes.has(name)) {
      this.#logger.warn({ field, type: name }, 'Values of this type have no time zone; the field is not converted');
      return null;
    }
    if (name === 'io.debezium.time.ZonedTimestamp') return textual(text => timestampInZone(text, zone));
    if (name === 'io.debezium.time.ZonedTime') return textual(text => timeAtOffset(text, this.#offsetToday()));
    const units = unitsPerSecond[name];
    return units === undefined ? null : numeric(units, localMs => zone.offsetAtLocal(localMs), -1n);
  }
}

/** Shifts an integer timestamp by the offset, forwards (1) or back (-1). */
function numeric(unitsPerSecond: bigint, offsetAt: (ms: number) => number, direction: bigint): Conversion {
  return value => {
    if (typeof value !== 'bigint') throw new Error('a timestamp is no 64-bit integer');
    const ms = Number((value * 1_000n) / unitsPerSecond);
    return BigInt.asIntN(64, value + direction * BigInt(offsetAt(ms)) * unitsPerSecond);
  };
}

function textual(convert: (text: string) => string): Conversion {
  return value => {
    if (typeof value !== 'string') throw new Error('a zoned time is no text');
    return convert(value);
  };
}
