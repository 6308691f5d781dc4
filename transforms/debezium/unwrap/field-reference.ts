import { type Logger, type Schema, Struct, type Value } from '../../../src/contract/index.ts';
import { optionalOf } from '../schema-copy.ts';

/** One item of `add.fields` or `add.headers`: which field of the envelope, and the name it gets. */
export type FieldReference = {
  /** The struct in the envelope that holds the field (`source`, `transaction`); null: the envelope itself. */
  readonly struct: string | null;
  readonly field: string;
  readonly newName: string;
};

/** A reference bound to one envelope schema. */
export type FieldReader = {
  readonly name: string;
  readonly field: string;
  /** Optional, without the default of the field it comes from. */
  readonly schema: Schema;
  read(envelope: Struct): Value;
};

/** Fields of the envelope that are meant when no struct is named; what is in neither list comes from `source`. */
const envelopeFields: readonly string[] = ['op', 'ts_ms', 'ts_us', 'ts_ns'];
const transactionFields: readonly string[] = ['id', 'data_collection_order', 'total_order'];

function structOf(field: string): string | null {
  if (envelopeFields.includes(field)) return null;
  if (transactionFields.includes(field)) return 'transaction';
  return field === 'updateDescription' ? 'updateDescription' : 'source';
}

/**
 * Reads one item: `op`, `source.ts_ms`, each with `:newName` if wanted. Without a new name the field gets prefix + name, with its struct in
 * between where one is written (`__source_ts_ms`). Throws an Error for an item of more than two parts.
 */
export function parseFieldReference(item: string, prefix: string): FieldReference {
  const [path = '', renamed, ...rest] = item.split(':');
  if (rest.length > 0 || path === '' || renamed === '')
    throw new Error(`'${item}' is not of the form field, struct.field or field:newName`);
  const [first = '', second] = path.split('.');
  if (first === '' || second === '') throw new Error(`'${item}' is not of the form field, struct.field or field:newName`);
  const field = second ?? first;
  const struct = second === undefined ? structOf(first) : first;
  const plain = second === undefined ? field : `${first}_${field}`;
  return { struct, field, newName: prefix + (renamed ?? plain) };
}

/**
 * Binds references to an envelope's schema. A field that neither the struct nor the envelope has is left out and said once a schema: it may
 * come with other records only, as after HeaderToValue. Throws an Error where the envelope does not have the struct at all.
 */
export function bindReferences(references: readonly FieldReference[], envelope: Schema, option: string, logger: Logger): FieldReader[] {
  return references.flatMap(reference => {
    const reader = bind(reference, envelope, option);
    if (reader === null) {
      logger.warn(
        { schema: envelope.name, option, field: reference.field },
        'A field to add is in no part of these records; it is left out',
      );
    }
    return reader ?? [];
  });
}

function bind({ struct, field, newName }: FieldReference, envelope: Schema, option: string): FieldReader | null {
  const parentAt = struct === null ? -1 : envelope.indexOf(struct);
  if (struct !== null && parentAt < 0) throw new Error(`option ${option} names a field of '${struct}', which these records do not have`);
  const inParent = struct === null ? undefined : envelope.fields[parentAt]?.schema.field(field);
  if (inParent !== undefined) {
    const at = inParent.index;
    const read = (value: Struct) => {
      const parent = value.values[parentAt];
      return parent instanceof Struct ? (parent.values[at] ?? null) : null;
    };
    return { name: newName, field, schema: optionalOf(inParent.schema), read };
  }
  const own = envelope.field(field);
  if (own === undefined) return null;
  const at = own.index;
  // A struct that is null hides even a field of the envelope itself (FieldReference.getValue).
  const read = (value: Struct) => (parentAt >= 0 && value.values[parentAt] === null ? null : (value.values[at] ?? null));
  return { name: newName, field, schema: optionalOf(own.schema), read };
}
