import { type ConfigSpec, configSpec, options } from '../../../src/contract/index.ts';
import { type AdjustmentMode, adjustmentModes } from '../name-adjustment.ts';
import { type UnwrapConfig, unwrapSpec } from '../unwrap/options.ts';

/** The resolved config of ExtractNewDocumentState. */
export type DocumentConfig = {
  readonly unwrap: UnwrapConfig;
  readonly arrays: 'array' | 'document';
  /** null: nested documents stay structs. */
  readonly flattenDelimiter: string | null;
  /** `delete.tombstone.handling.mode.rewrite-with-id`. */
  readonly rewritesWithId: boolean;
  readonly fieldNames: AdjustmentMode;
};

const { 'route.by.field': _route, 'replace.null.with.default': _nulls, ...shared } = unwrapSpec.options;
const dropped = Object.keys(shared).filter(name => name.startsWith('drop.fields.'));
const kept = Object.fromEntries(Object.entries(shared).filter(([name]) => !dropped.includes(name)));

/** The options of ExtractNewDocumentState. */
export const documentSpec: ConfigSpec<DocumentConfig> = configSpec({
  doc: 'Puts MongoDB’s document, whose schema it infers, in the place of the envelope ("unwraps" it), and decides what becomes of deletes.',
  options: {
    ...kept,
    'array.encoding': options.choice(['array', 'document'], {
      default: 'array',
      displayName: 'Array encoding',
      doc: 'array: arrays are arrays, and all elements of one must be of one type. document: they are structs with a field for each place (_0, _1 ...).',
    }),
    'flatten.struct': options.boolean({
      default: 'false',
      importance: 'LOW',
      displayName: 'Flatten struct',
      doc: 'Whether the fields of nested documents are lifted to the top, their names joined by flatten.struct.delimiter.',
    }),
    'flatten.struct.delimiter': options.string({
      default: '_',
      importance: 'LOW',
      displayName: 'Delimiter for flattened struct',
      doc: 'What stands between the joined names.',
    }),
    'delete.tombstone.handling.mode.rewrite-with-id': options.boolean({
      default: 'false',
      importance: 'LOW',
      displayName: 'Rewrite delete records with id field',
      doc: 'Whether a rewritten delete holds the key’s id as _id.',
    }),
    'field.name.adjustment.mode': options.choice(adjustmentModes, {
      default: 'none',
      importance: 'LOW',
      displayName: 'Field Name Adjustment',
      doc: 'How names that Avro does not allow are adjusted; other than none, empty arrays become null.',
    }),
  },
  refine(config, raw, report): DocumentConfig {
    const own = Object.fromEntries(Object.entries(raw).filter(([name]) => name in kept));
    const unwrap = unwrapSpec.parse(own);
    for (const { option, message } of unwrap.faults) report.fault(option, message);
    for (const { option, message } of unwrap.warnings) report.warning(option, message);
    return {
      // Where there are faults nothing is made of the config.
      unwrap: unwrap.config ?? unwrapSpec.parse({}).config!,
      arrays: config['array.encoding'],
      flattenDelimiter: config['flatten.struct'] ? config['flatten.struct.delimiter'] : null,
      rewritesWithId: config['delete.tombstone.handling.mode.rewrite-with-id'],
      fieldNames: config['field.name.adjustment.mode'],
    };
  },
});
