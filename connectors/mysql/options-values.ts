import { type ConfigOf, options } from '../../src/contract/index.ts';
import { limited } from '../debezium/options/limited.ts';
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
    doc: 'DECIMAL: exactly as Decimal, as double (which may lose digits), or as text.',
    importance: 'MEDIUM',
    group,
    displayName: 'Decimal Handling',
  }),
  'time.precision.mode': limited(
    ['adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
    {
      adaptive: 'TIME would overflow; Debezium no longer takes it for this database either',
      structured: 'use isostring, whose texts hold the same parts',
    },
    {
      default: 'adaptive_time_microseconds',
      doc: 'Dates and times: adaptive_time_microseconds keeps the column’s precision, and microseconds for TIME, connect takes Kafka Connect’s types (milliseconds), isostring ISO 8601 texts, microseconds and nanoseconds that unit.',
      group,
      displayName: 'The time precision mode to be used',
    },
  ),
  'bigint.unsigned.handling.mode': options.choice(['long', 'precise'], {
    default: 'long',
    doc: 'BIGINT UNSIGNED: as a long, in which values from 2^63 on turn negative, or exactly as Decimal.',
    importance: 'MEDIUM',
    group,
    displayName: 'The mode for handling bigint-unsigned values',
  }),
  'binary.handling.mode': options.choice(['bytes', 'base64', 'base64-url-safe', 'hex'], {
    default: 'bytes',
    doc: 'BINARY, VARBINARY and BLOB: bytes, or a text of them.',
    importance: 'LOW',
    group,
    displayName: 'Binary Handling',
  }),
  'enable.time.adjuster': options.boolean({
    default: 'true',
    doc: 'Years of one and two digits become those of 1970 to 2069, as MySQL reads them.',
    importance: 'LOW',
    group,
    displayName: 'Enable Time Adjuster',
  }),
  'unavailable.value.placeholder': options.string({
    default: '__debezium_unavailable_value',
    doc: 'What stands for a value that the row image left out (binlog_row_image); bytes behind hex: in hexadecimal digits.',
    importance: 'MEDIUM',
    group,
    displayName: 'Unavailable value placeholder',
    validate: placeholder,
  }),
  'event.converting.failure.handling.mode': options.choice(['warn', 'skip', 'fail'], {
    default: 'warn',
    doc: 'A value that its schema cannot hold: warn shows null and logs it, skip shows null, fail stops the task. A column that is NOT NULL stops it always.',
    importance: 'MEDIUM',
    group,
    displayName: 'Event converting failure handling mode',
  }),
};

export function readValues(config: ConfigOf<typeof valueOptions>): ValueOptions {
  return {
    decimalHandlingMode: config['decimal.handling.mode'],
    timePrecisionMode: config['time.precision.mode'],
    bigintUnsignedHandlingMode: config['bigint.unsigned.handling.mode'],
    binaryHandlingMode: config['binary.handling.mode'],
    enableTimeAdjuster: config['enable.time.adjuster'],
    unavailableValuePlaceholder: config['unavailable.value.placeholder'],
    conversionFailureMode: config['event.converting.failure.handling.mode'],
  };
}
