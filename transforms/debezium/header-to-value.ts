import {
  type ConfigSpec,
  type ConnectRecord,
  configSpec,
  type Header,
  options,
  type Plugin,
  SluiceError,
  Struct,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { transformFailed } from './envelope.ts';
import { InsertionPlans } from './field-insertion.ts';

type HeaderToValueConfig = {
  /** The field each header goes to, with dots for fields of structs. */
  readonly fieldByHeader: ReadonlyMap<string, string>;
  readonly operation: 'move' | 'copy';
};

const headerToValueSpec: ConfigSpec<HeaderToValueConfig> = configSpec({
  doc: 'Moves or copies headers into fields of the value.',
  options: {
    headers: options.list({
      importance: 'HIGH',
      displayName: 'Header names list',
      doc: 'Headers whose values are copied or moved into the record’s value.',
    }),
    fields: options.list({
      importance: 'HIGH',
      displayName: 'Field names list',
      doc: 'Fields they go to, in the same order; a dot reaches into a struct (after.changed).',
    }),
    operation: options.choice(['move', 'copy'], {
      importance: 'HIGH',
      displayName: 'Operation: mover or copy',
      doc: 'move takes the headers away, copy leaves them.',
    }),
  },
  refine({ headers, fields, operation }, _raw, report): HeaderToValueConfig {
    for (const [option, names] of [['headers', headers] as const, ['fields', fields] as const]) {
      if (names.length === 0 || names.some(name => name === '' || /\s/.test(name)))
        report.fault(option, `'${option}' must list names, none of them empty or with blanks`);
    }
    if (headers.length !== fields.length) report.fault('fields', `'fields' must have as many elements as 'headers'`);
    // With one header named twice the first field counts, as List.indexOf has it.
    const fieldByHeader = new Map(headers.map((header, index) => [header, fields[index] ?? ''] as const).reverse());
    return { fieldByHeader, operation };
  },
});

/** io.debezium.transforms.HeaderToValue: copies or moves headers into fields of the value, made where they do not exist. */
export const headerToValue: Plugin<HeaderToValueConfig, Transform> = {
  spec: headerToValueSpec,
  sharedHeaders: 'keeps',
  create({ fieldByHeader, operation }) {
    const plans = new InsertionPlans();
    const insert = <R extends ConnectRecord>(record: R): R => {
      if (record.value === null) return record;
      if (!(record.value instanceof Struct)) throw new Error('the value is no struct');
      const found = record.headers.filter(({ key }) => fieldByHeader.has(key));
      if (found.length === 0) return record;
      const value = plans.insert(record.value, lastOfEach(found, fieldByHeader));
      const headers = operation === 'move' ? record.headers.filter(({ key }) => !fieldByHeader.has(key)) : record.headers;
      return { ...record, valueSchema: value.schema, value, headers };
    };
    return record => {
      try {
        return insert(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('HeaderToValue', record, (error as Error).message, error);
      }
    };
  },
};

/** Where a header comes more than once, its last value stands (under the first one's schema, which is the same in practice). */
function lastOfEach(headers: readonly Header[], fieldByHeader: ReadonlyMap<string, string>) {
  const insertions = new Map<string, { field: string; schema: Header['schema']; value: Value }>();
  for (const { key, schema, value } of headers) {
    const field = fieldByHeader.get(key) ?? '';
    insertions.set(field, { field, schema: insertions.get(field)?.schema ?? schema, value });
  }
  return [...insertions.values()];
}
