import { type ConfigOf, configSpec, type Transform } from '../src/contract/index.ts';
import { FieldPath, fieldSyntaxVersion, stepsOf } from './records/field-path.ts';
import { replaceNullWithDefault, textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMapOrNull, requireStructOrNull, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';

const extractOptions = {
  field: textOption({ doc: 'Field name to extract.' }),
  'field.syntax.version': fieldSyntaxVersion,
  'replace.null.with.default': replaceNullWithDefault,
};

const spec = configSpec({
  doc: 'Puts one field of the key or value in its place. Null where there is none.',
  options: extractOptions,
  refine: (config: ConfigOf<typeof extractOptions>, _, report) => {
    let steps: readonly string[] = [config.field];
    try {
      if (config['field.syntax.version'] === 'v2') steps = stepsOf(config.field);
    } catch (error) {
      report.fault('field', `Invalid value ${config.field} for configuration field: ${(error as Error).message}`);
    }
    return { field: config.field, path: new FieldPath(steps), withDefault: config['replace.null.with.default'] };
  },
});

const purpose = 'field extraction';

function compile({ field, path, withDefault }: { field: string; path: FieldPath; withDefault: boolean }, part: RecordPart): Transform {
  const schemaOf = perSchema(schema => {
    const found = path.fieldIn(schema);
    if (found === undefined) throw transformFailed(`Unknown field: ${field}`);
    return found.schema;
  });
  return record => {
    const schema = part.schema(record);
    if (schema === null) {
      const map = requireMapOrNull(part.value(record), purpose);
      return part.replace(record, null, map === null ? null : path.valueInMap(map));
    }
    const struct = requireStructOrNull(part.value(record), purpose);
    return part.replace(record, schemaOf(schema), struct === null ? null : path.valueInStruct(struct, withDefault));
  };
}

/** org.apache.kafka.connect.transforms.ExtractField: one field takes the place of the whole key or value. */
export const extractField = keyAndValue(spec, compile);
