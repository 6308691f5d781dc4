import type { ConfigSpec, ConnectRecord, Plugin, PluginContext, Schema, Transform, Value } from '../../src/contract/index.ts';

/** The side of a record that a transform's `$Key` or `$Value` class works on. */
export type RecordPart = {
  readonly name: 'key' | 'value';
  schema(record: ConnectRecord): Schema | null;
  value(record: ConnectRecord): Value;
  /** The record with this side replaced. */
  replace<R extends ConnectRecord>(record: R, schema: Schema | null, value: Value): R;
};

export const keyPart: RecordPart = {
  name: 'key',
  schema: record => record.keySchema,
  value: record => record.key,
  replace: (record, schema, value) => ({ ...record, keySchema: schema, key: value }),
};

export const valuePart: RecordPart = {
  name: 'value',
  schema: record => record.valueSchema,
  value: record => record.value,
  replace: (record, schema, value) => ({ ...record, valueSchema: schema, value }),
};

/** The `$Key` and the `$Value` form of a transform, compiled from one source. */
export function keyAndValue<Config>(
  spec: ConfigSpec<Config>,
  compile: (config: Config, part: RecordPart, context: PluginContext) => Transform,
): { readonly key: Plugin<Config, Transform>; readonly value: Plugin<Config, Transform> } {
  return {
    key: { spec, create: (config, context) => compile(config, keyPart, context) },
    value: { spec, create: (config, context) => compile(config, valuePart, context) },
  };
}
