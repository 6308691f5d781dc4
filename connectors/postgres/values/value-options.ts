/** How values are shown: Debezium's options of the same names, their defaults in `defaultValueOptions`. */
export type ValueOptions = {
  /** decimal.handling.mode */
  readonly decimalHandlingMode: 'precise' | 'string' | 'double';
  /** time.precision.mode */
  readonly timePrecisionMode: 'adaptive' | 'adaptive_time_microseconds' | 'connect' | 'isostring' | 'microseconds' | 'nanoseconds';
  /** binary.handling.mode */
  readonly binaryHandlingMode: 'bytes' | 'base64' | 'base64-url-safe' | 'hex';
  /** interval.handling.mode */
  readonly intervalHandlingMode: 'numeric' | 'string';
  /** hstore.handling.mode */
  readonly hstoreHandlingMode: 'map' | 'json';
  /** money.fraction.digits */
  readonly moneyFractionDigits: number;
  /** include.unknown.datatypes: columns of types nobody knows become bytes of their text instead of being left out. */
  readonly includeUnknownDatatypes: boolean;
  /** unavailable.value.placeholder as written; `hex:` in front gives its bytes in hexadecimal. */
  readonly unavailableValuePlaceholder: string;
  /** event.converting.failure.handling.mode: what becomes of a value that its schema cannot hold. */
  readonly conversionFailureMode: 'warn' | 'skip' | 'fail';
};

export const defaultValueOptions: ValueOptions = {
  decimalHandlingMode: 'precise',
  timePrecisionMode: 'adaptive',
  binaryHandlingMode: 'bytes',
  intervalHandlingMode: 'numeric',
  hstoreHandlingMode: 'json',
  moneyFractionDigits: 2,
  includeUnknownDatatypes: false,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  conversionFailureMode: 'warn',
};
