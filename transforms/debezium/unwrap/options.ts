import { type ConfigSpec, configSpec, options } from '../../../src/contract/index.ts';
import { type DeleteHandling, deleteHandling, handlingModes, legacyDeleteHandling, legacyHandlingModes } from './delete-handling.ts';
import type { FieldDropping } from './drop-fields.ts';
import { type FieldReference, parseFieldReference } from './field-reference.ts';

/** The resolved config of ExtractNewRecordState. */
export type UnwrapConfig = {
  readonly deleteHandling: DeleteHandling;
  readonly addedFields: readonly FieldReference[];
  readonly addedHeaders: readonly FieldReference[];
  /** `operation.header`: adds `__op` as a plain text. */
  readonly operationHeader: boolean;
  readonly replaceNulls: boolean;
  readonly routeByField: string | null;
  readonly dropping: FieldDropping | null;
};

const legacy = 'An option of Debezium 1.x that still works as it did; ';

const unwrapOptions = {
  'delete.tombstone.handling.mode': options.choice(handlingModes, {
    default: 'tombstone',
    displayName: 'Handle delete and tombstone records',
    doc:
      'What becomes of deletes and tombstones. drop: neither is published. tombstone: the delete becomes a record with a null value, its ' +
      'tombstone is dropped. rewrite: the deleted row is published with __deleted "true" (and all others with "false"), the tombstone is ' +
      'dropped. rewrite-with-tombstone: the same, and the tombstone stays. delete-to-tombstone: the delete becomes a tombstone without a schema.',
  }),
  'drop.tombstones': options.boolean({
    default: 'true',
    importance: 'LOW',
    displayName: 'Drop tombstones',
    doc: `${legacy}whether tombstones are dropped. Use delete.tombstone.handling.mode instead, which wins if both are set.`,
  }),
  'delete.handling.mode': options.choice(legacyHandlingModes, {
    default: 'drop',
    displayName: 'Handle delete records',
    doc:
      `${legacy}drop: deletes are dropped (the default once this or drop.tombstones is set). rewrite: the deleted row is published with ` +
      '__deleted. none: the delete becomes a null value. Use delete.tombstone.handling.mode instead, which wins if both are set.',
  }),
  'route.by.field': options.string({
    default: '',
    importance: 'LOW',
    displayName: 'Route by field name',
    doc: 'A text column whose value becomes the topic. Records where it is empty keep their topic.',
  }),
  'add.fields.prefix': options.string({
    default: '__',
    importance: 'LOW',
    displayName: 'Field prefix to be added to each field.',
    doc: 'Put before the name of every field of add.fields.',
  }),
  'add.fields': options.list({
    default: '',
    importance: 'LOW',
    displayName: 'Adds the specified field(s) to the message if they exist.',
    doc:
      'Metadata to add to the row: op, ts_ms, a field of source (lsn, source.ts_ms) or of transaction (transaction.id), each with a new name ' +
      'behind a colon if wanted (op:operation). The name is prefix + field, or prefix + struct_field where the struct is written.',
  }),
  'add.headers.prefix': options.string({
    default: '__',
    importance: 'LOW',
    displayName: 'Header prefix to be added to each header.',
    doc: 'Put before the name of every header of add.headers.',
  }),
  'add.headers': options.list({
    default: '',
    importance: 'LOW',
    displayName: 'Adds the specified fields to the header if they exist.',
    doc: 'Metadata to add as headers, written as in add.fields. A tombstone gets op only, as "d".',
  }),
  'replace.null.with.default': options.boolean({
    default: 'true',
    importance: 'LOW',
    displayName: 'replace null field value with default',
    doc: "Whether a column's default takes the place of null when a record is rewritten (the modes that add __deleted).",
  }),
  'drop.fields.header.name': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Specifies a header that contains a list of field names to be removed',
    doc: 'A header that holds a list of field names, such as ExtractChangedRecordState sets; the fields are removed from the record.',
  }),
  'drop.fields.from.key': options.boolean({
    default: 'false',
    importance: 'LOW',
    displayName: 'Specifies whether the fields to be dropped should also be omitted from the key',
    doc: 'Whether the fields that drop.fields.header.name lists are removed from the key too.',
  }),
  'drop.fields.keep.schema.compatible': options.boolean({
    default: 'true',
    importance: 'LOW',
    displayName: 'Specifies if fields are dropped, will the event schemas be compatible',
    doc: 'Whether only optional fields are removed, which keeps schemas compatible; false removes all that the header lists.',
  }),
  'operation.header': options.boolean({
    default: 'false',
    importance: 'LOW',
    displayName: 'Adds a message header representing the applied operation',
    doc: `${legacy}adds the operation as header __op. Use add.headers=op instead.`,
  }),
  'add.source.fields': options.list({
    default: '',
    importance: 'LOW',
    displayName: 'Adds the specified fields from the source element to the payload',
    doc: `${legacy}adds fields of source under __ and their name. Use add.fields instead.`,
  }),
};

/** Options of 1.x and what came after them. */
const successors: Readonly<Record<string, string>> = {
  'drop.tombstones': 'delete.tombstone.handling.mode',
  'delete.handling.mode': 'delete.tombstone.handling.mode',
  'operation.header': 'add.headers',
  'add.source.fields': 'add.fields',
};

/** The options of ExtractNewRecordState. */
export const unwrapSpec: ConfigSpec<UnwrapConfig> = configSpec({
  doc: 'Puts the row in the place of the envelope ("unwraps" it), and decides what becomes of deletes.',
  options: unwrapOptions,
  refine(config, raw, report): UnwrapConfig {
    const references = (option: 'add.fields' | 'add.headers' | 'add.source.fields', prefix: string, path = '') =>
      config[option]
        .filter(item => item !== '')
        .flatMap(item => {
          try {
            return parseFieldReference(path + item + (path === '' ? '' : `:${item}`), prefix);
          } catch (error) {
            report.fault(option, (error as Error).message);
            return [];
          }
        });
    const modern = raw['delete.tombstone.handling.mode'] !== undefined;
    for (const [name, successor] of Object.entries(successors)) {
      if (raw[name] === undefined) continue;
      const loses = modern && successor === 'delete.tombstone.handling.mode';
      const effect = loses ? `has no effect beside '${successor}'` : `still works; use '${successor}' instead`;
      report.warning(name, `The option '${name}' is of Debezium 1.x and ${effect}.`);
    }
    const isLegacy = !modern && (raw['drop.tombstones'] !== undefined || raw['delete.handling.mode'] !== undefined);
    const dropHeader = config['drop.fields.header.name']?.trim() ?? '';
    return {
      deleteHandling: isLegacy
        ? legacyDeleteHandling(config['delete.handling.mode'], config['drop.tombstones'])
        : deleteHandling(config['delete.tombstone.handling.mode']),
      addedFields: [...references('add.fields', config['add.fields.prefix']), ...references('add.source.fields', '__', 'source.')],
      addedHeaders: references('add.headers', config['add.headers.prefix']),
      operationHeader: config['operation.header'],
      replaceNulls: config['replace.null.with.default'],
      routeByField: config['route.by.field'] === '' ? null : config['route.by.field'],
      dropping:
        dropHeader === ''
          ? null
          : { header: dropHeader, fromKey: config['drop.fields.from.key'], compatible: config['drop.fields.keep.schema.compatible'] },
    };
  },
});
