/** How values are shown: Debezium's options of the same names, their defaults in `defaultValueOptions`. */
export type ValueOptions = {
  /** decimal.handling.mode */
  readonly decimalHandlingMode: 'precise' | 'string' | 'double';
  /** time.precision.mode; the MySQL connector refuses `adaptive`. */
  readonly timePrecisionMode: 'adaptive_time_microseconds' | 'connect' | 'isostring' | 'microseconds' | 'nanoseconds';
  /** bigint.unsigned.handling.mode */
  readonly bigintUnsignedHandlingMode: 'long' | 'precise';
  /** binary.handling.mode */
  readonly binaryHandlingMode: 'bytes' | 'base64' | 'base64-url-safe' | 'hex';
  /** enable.time.adjuster: years of one and two digits become those of this century and the last. */
  readonly enableTimeAdjuster: boolean;
  /** unavailable.value.placeholder as written; `hex:` in front gives its bytes in hexadecimal. */
  readonly unavailableValuePlaceholder: string;
  /** event.converting.failure.handling.mode: what becomes of a value that its schema cannot hold. */
  readonly conversionFailureMode: 'warn' | 'skip' | 'fail';
};

export const defaultValueOptions: ValueOptions = {
  decimalHandlingMode: 'precise',
  timePrecisionMode: 'adaptive_time_microseconds',
  bigintUnsignedHandlingMode: 'long',
  binaryHandlingMode: 'bytes',
  enableTimeAdjuster: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  conversionFailureMode: 'warn',
};
