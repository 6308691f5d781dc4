import {
  arraySchema,
  type ConfigOf,
  configSpec,
  type Header,
  options,
  type Plugin,
  type Schema,
  schemas,
  type Transform,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, structAt } from './envelope.ts';
import { sameValue } from './same-value.ts';

const changedOptions = {
  'header.changed.name': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Header change name.',
    doc: 'The header that lists the columns an update changed. Unset: no such header.',
  }),
  'header.unchanged.name': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Header unchanged name.',
    doc: 'The header that lists the columns an update left as they were. Unset: no such header.',
  }),
};

/** A header of column names; null where the option is unset or blank. */
function headerSchema(name: string | null): Schema | null {
  return name === null || name.trim() === '' ? null : arraySchema(schemas.optionalString, { optional: true, name });
}

/**
 * io.debezium.transforms.ExtractChangedRecordState: headers that list the columns an update changed and those it did not. Both are empty for
 * every other operation, and where the old row is not known (replica identity), but they are always there.
 */
export const extractChangedRecordState: Plugin<ConfigOf<typeof changedOptions>, Transform> = {
  spec: configSpec({
    doc: 'Adds headers with the names of the columns that an update changed, and of those that it did not.',
    options: changedOptions,
  }),
  sharedHeaders: 'adds',
  create(config) {
    const changedSchema = headerSchema(config['header.changed.name']);
    const unchangedSchema = headerSchema(config['header.unchanged.name']);
    if (changedSchema === null && unchangedSchema === null) return record => record;
    return record => {
      const envelope = envelopeOf(record);
      if (envelope === null) return record;
      const layout = layoutOf(envelope.schema);
      const before = structAt(envelope, layout.before);
      const after = structAt(envelope, layout.after);
      const changed: string[] = [];
      const unchanged: string[] = [];
      if (before !== null && after !== null) {
        for (const { name, index } of after.schema.fields) {
          (sameValue(before.get(name) ?? null, after.values[index] ?? null) ? unchanged : changed).push(name);
        }
      }
      const headers: Header[] = record.headers.slice();
      if (changedSchema !== null) headers.push({ key: changedSchema.name ?? '', schema: changedSchema, value: changed });
      if (unchangedSchema !== null) headers.push({ key: unchangedSchema.name ?? '', schema: unchangedSchema, value: unchanged });
      return { ...record, headers };
    };
  },
};
