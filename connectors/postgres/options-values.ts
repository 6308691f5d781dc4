import { type ConfigOf, options } from '../../src/contract/index.ts';
import type { ValueOptions } from './values/value-options.ts';

const group = 'Values';

function placeholder(text: string): void {
  if (text.startsWith('hex:') && !/^hex:(?:[0-9a-fA-F]{2})*$/.test(text))
    throw new Error('after hex: there must be pairs of hexadecimal digits');
}

/** How values are represented. */
export const valueOptions = {
  'decimal.handling.mode': options.choice(['precise', 'double', 'string'], {
    default: 'precise',
    doc: 'numeric and money: exactly as Decimal, as double (which may lose digits), or as text.',
    importance: 'MEDIUM',
    group,
    displayName: 'Decimal Handling',
  }),
  'time.precision.mode': options.choice(['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'], {
    default: 'adaptive',
    doc: 'Dates and times: adaptive keeps the column’s precision, adaptive_time_microseconds too but for time (microseconds), connect takes Kafka Connect’s types (milliseconds), isostring ISO 8601 texts, microseconds and nanoseconds that unit.',
    importance: 'MEDIUM',
    group,
    displayName: 'Time Precision',
  }),
  'interval.handling.mode': options.choice(['numeric', 'string'], {
    default: 'numeric',
    doc: 'interval: microseconds, with months of 30.4375 days, or the exact text P1Y2M3DT4H5M6.78S.',
    importance: 'LOW',
    group,
    displayName: 'Interval Handling',
  }),
  'binary.handling.mode': options.choice(['bytes', 'base64', 'base64-url-safe', 'hex'], {
    default: 'bytes',
    doc: 'bytea: bytes, or a text of them.',
    importance: 'LOW',
    group,
    displayName: 'Binary Handling',
  }),
  'hstore.handling.mode': options.choice(['json', 'map'], {
    default: 'json',
    doc: 'hstore: a JSON text, or a map.',
    importance: 'LOW',
    group,
    displayName: 'HStore Handling',
  }),
  'money.fraction.digits': options.int({
    default: '2',
    min: 0,
    max: 32_767,
    doc: 'Digits behind the point of money as a Decimal.',
    importance: 'LOW',
    group,
    displayName: 'Money fraction digits',
  }),
  'include.unknown.datatypes': options.boolean({
    default: 'false',
    doc: 'Columns of types that are not known: false leaves them out, true shows them as opaque bytes.',
    importance: 'MEDIUM',
    group,
    displayName: 'Include unknown datatypes',
  }),
  'unavailable.value.placeholder': options.string({
    default: '__debezium_unavailable_value',
    doc: 'What stands for a large (TOAST) value that an update did not change and the server did not send; bytes behind hex: in hexadecimal digits.',
    importance: 'MEDIUM',
    group,
    displayName: 'Unavailable value placeholder',
    aliases: ['toasted.value.placeholder'],
    validate: placeholder,
  }),
  'event.converting.failure.handling.mode': options.choice(['warn', 'skip', 'fail'], {
    default: 'warn',
    doc: 'A value that its schema cannot hold, such as NaN as a Decimal: warn shows null and logs it, skip shows null, fail stops the task. A column that is NOT NULL stops it always.',
    importance: 'MEDIUM',
    group,
    displayName: 'Event converting failure handling mode',
  }),
};

export function readValues(config: ConfigOf<typeof valueOptions>): ValueOptions {
  return {
    decimalHandlingMode: config['decimal.handling.mode'],
    timePrecisionMode: config['time.precision.mode'],
    intervalHandlingMode: config['interval.handling.mode'],
    binaryHandlingMode: config['binary.handling.mode'],
    hstoreHandlingMode: config['hstore.handling.mode'],
    moneyFractionDigits: config['money.fraction.digits'],
    includeUnknownDatatypes: config['include.unknown.datatypes'],
    unavailableValuePlaceholder: config['unavailable.value.placeholder'],
    conversionFailureMode: config['event.converting.failure.handling.mode'],
  };
}
