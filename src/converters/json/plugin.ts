import { type ConfigOf, configSpec, options, type Plugin } from '../../contract/index.ts';
import { JsonConverter } from './json-converter.ts';

const jsonOptions = {
  'schemas.enable': options.boolean({
    default: 'true',
    doc: 'Include schemas within each of the serialized values and keys.',
    importance: 'HIGH',
    group: 'Schemas',
    displayName: 'Enable Schemas',
  }),
  'schemas.cache.size': options.int({
    default: '1000',
    min: 0,
    doc: 'The maximum number of schemas that are kept when reading records. Those of written records live as long as their tables.',
    importance: 'HIGH',
    group: 'Schemas',
    displayName: 'Schema Cache Size',
  }),
  'decimal.format': options.choice(['base64', 'numeric'], {
    default: 'base64',
    doc: 'Controls which format this converter will serialize decimals in: BASE64 or NUMERIC, in any case.',
    importance: 'LOW',
    group: 'Serialization',
    displayName: 'Decimal Format',
  }),
  'replace.null.with.default': options.boolean({
    default: 'true',
    doc: 'Whether a null field that has a default value gets the default; if false, null stays null.',
    importance: 'LOW',
    group: 'Serialization',
    displayName: 'Replace null with default',
  }),
};

/** `org.apache.kafka.connect.json.JsonConverter`, for keys, values and headers. */
export const jsonConverter: Plugin<ConfigOf<typeof jsonOptions>, JsonConverter> = {
  spec: configSpec({ doc: 'JSON, with each value’s schema beside it or without. For keys, values and headers.', options: jsonOptions }),
  create: config =>
    new JsonConverter({
      schemasEnable: config['schemas.enable'],
      schemasCacheSize: config['schemas.cache.size'],
      decimalFormat: config['decimal.format'],
      replaceNullWithDefault: config['replace.null.with.default'],
    }),
};
