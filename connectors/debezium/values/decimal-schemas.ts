import { type Schema, schemas, structSchema } from '../../../src/contract/index.ts';
import { logical } from './logical-schema.ts';

/** numeric without precision: each value has a scale of its own. */
export const variableScaleDecimal: Schema = structSchema(
  [
    ['scale', schemas.int32],
    ['value', schemas.bytes],
  ],
  { name: 'io.debezium.data.VariableScaleDecimal', version: 1, doc: 'Variable scaled decimal' },
);

/** Connect's Decimal; Debezium adds the precision where the column has one. */
export function connectDecimalSchema(scale: number, precision: number | null): Schema {
  const parameters = { scale: String(scale), ...(precision === null ? {} : { 'connect.decimal.precision': String(precision) }) };
  return logical('bytes', schemas.connectDecimal, parameters);
}
