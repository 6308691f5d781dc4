import { logical } from '../../debezium/values/logical-schema.ts';
import { placeholderOf } from '../../debezium/values/placeholder.ts';
import { enumLiterals } from '../literals.ts';
import { type ColumnModel, jdbcTypes } from '../table-model.ts';
import { binaryType, bitsType } from './binary.ts';
import { decimalType, preciseUnsignedType } from './decimals.ts';
import { float32Type, float64Type } from './floats.ts';
import { geometryType, pointType, vectorType } from './geometry.ts';
import { booleanType, int16Type, int32Type, int64Type, yearType } from './integers.ts';
import { jsonType } from './json/json.ts';
import { dateType } from './temporal/date.ts';
import { datetimeType } from './temporal/datetime.ts';
import { timeType } from './temporal/time.ts';
import { timestampType } from './temporal/timestamp.ts';
import { enumType, setType, textType, uuidType } from './text.ts';
import type { ValueOptions } from './value-options.ts';
import type { ValueType } from './value-type.ts';

const geometryNames: ReadonlySet<string> = new Set([
  'GEOMETRY',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
  'GEOMCOLLECTION',
]);

/** Names under which the reference knows that a number is unsigned; under others it reads it as a signed one. */
const unsignedNames = {
  tiny: new Set(['TINYINT', 'INT1']),
  small: new Set(['SMALLINT', 'INT2']),
  medium: new Set(['MEDIUMINT', 'INT3', 'MIDDLEINT']),
  int: new Set(['INT', 'INTEGER', 'INT4']),
  big: new Set(['BIGINT', 'INT8']),
} as const;

/** A type's name in capitals, without its size, ZEROFILL and UNSIGNED. */
function nameOf(typeName: string): { readonly name: string; readonly unsigned: boolean } {
  const plain = typeName.toUpperCase().replace(/\(.*$/, '');
  const match = /^(.*?)( UNSIGNED)?( ZEROFILL)?$/.exec(plain)!;
  return { name: match[1]!, unsigned: match[2] !== undefined };
}

const floatDigitsMax = 24;

/** By the name of its type, as BinlogValueConverters decides before it looks at the JDBC type. */
function byName(column: ColumnModel, options: ValueOptions): ValueType | null {
  const placeholder = placeholderOf(options.unavailableValuePlaceholder);
  const { name, unsigned } = nameOf(column.typeName);
  if (geometryNames.has(name) || name.endsWith('.GEOMCOLLECTION')) return geometryType;
  switch (name) {
    case 'JSON':
      return jsonType(placeholder);
    case 'POINT':
      return pointType;
    case 'YEAR':
      return yearType(logical('int32', 'io.debezium.time.Year'));
    case 'ENUM':
      return enumType(enumLiterals(column.enumValues ?? []), placeholder);
    case 'SET':
      return setType(enumLiterals(column.enumValues ?? []), placeholder);
    case 'VECTOR':
      return vectorType;
    case 'UUID':
      return uuidType(placeholder);
    case 'FLOAT':
      if (column.scale === null && (column.length ?? -1) <= floatDigitsMax) return float32Type;
      return null;
    default:
  }
  if (!unsigned) return null;
  if (unsignedNames.small.has(name)) return int32Type(true);
  if (unsignedNames.int.has(name)) return int64Type(true);
  if (unsignedNames.big.has(name))
    return options.bigintUnsignedHandlingMode === 'precise' ? preciseUnsignedType(placeholder) : int64Type(true);
  return null;
}

/** By the JDBC type, as JdbcValueConverters does. */
function byJdbcType(column: ColumnModel, options: ValueOptions): ValueType | null {
  const placeholder = placeholderOf(options.unavailableValuePlaceholder);
  const { name, unsigned } = nameOf(column.typeName);
  const length = column.length ?? -1;
  const isUnsigned = unsigned && (unsignedNames.tiny.has(name) || unsignedNames.medium.has(name));
  switch (column.jdbcType) {
    case jdbcTypes.BIT:
      return bitsType(length, placeholder);
    case jdbcTypes.BOOLEAN:
      return booleanType;
    case jdbcTypes.BINARY:
      return binaryType(Math.max(0, length), options, placeholder);
    case jdbcTypes.BLOB:
    case jdbcTypes.VARBINARY:
    case jdbcTypes.LONGVARBINARY:
      return binaryType(null, options, placeholder);
    case jdbcTypes.SMALLINT:
      return int16Type(isUnsigned);
    case jdbcTypes.INTEGER:
      return int32Type(isUnsigned);
    case jdbcTypes.BIGINT:
      return int64Type(false);
    case jdbcTypes.REAL:
      return float32Type;
    case jdbcTypes.FLOAT:
      // FLOAT(m,d) is stored as a float whatever m is.
      return float64Type(column.scale !== null || length <= floatDigitsMax);
    case jdbcTypes.DOUBLE:
      return float64Type(false);
    case jdbcTypes.NUMERIC:
    case jdbcTypes.DECIMAL:
      return decimalType(column.length ?? 10, column.scale ?? 0, options, placeholder);
    case jdbcTypes.CHAR:
    case jdbcTypes.VARCHAR:
    case jdbcTypes.NCHAR:
    case jdbcTypes.NVARCHAR:
      return textType(column.charsetName, placeholder);
    case jdbcTypes.DATE:
      return dateType(options, placeholder.text);
    case jdbcTypes.TIME:
      return timeType(options, placeholder.text);
    case jdbcTypes.TIMESTAMP:
      return datetimeType(length, options, placeholder.text);
    case jdbcTypes.TIMESTAMP_WITH_TIMEZONE:
      return timestampType(length, placeholder.text);
    default:
      return null;
  }
}

/** How a column's values are shown; null: the reference has no schema for its type, and leaves the column out of records. */
export function valueType(column: ColumnModel, options: ValueOptions): ValueType | null {
  return byName(column, options) ?? byJdbcType(column, options);
}
