/** What kind of column a value goes into: decides how it is written. */
export type TypeFamily = 'boolean' | 'integer' | 'float' | 'numeric' | 'bytes' | 'json' | 'temporal' | 'array' | 'text';

/** A column's type in the target: its name as SQL has it, and its family. */
export type TargetType = { readonly name: string; readonly family: TypeFamily; readonly element: TargetType | null };

const families: readonly (readonly [RegExp, TypeFamily])[] = [
  [/^bool(ean)?$/, 'boolean'],
  [/^(small|big|medium|tiny)?int(eger|[248])?$|^(small|big)?serial[248]?$|^oid$/, 'integer'],
  [/^(real|float[48]?|float\(\d+\)|double( precision)?)$/, 'float'],
  [/^(numeric|decimal|money)\b/, 'numeric'],
  [/^(bytea|blob|(var)?binary\b)/, 'bytes'],
  [/^jsonb?$/, 'json'],
  [/^(date|time|timetz|timestamp|timestamptz|datetime)\b/, 'temporal'],
];

const known = new Map<string, TargetType>();

/** Reads a type as it stands in SQL or as `format_type` gives it: `bigint`, `numeric(10,2)`, `timestamp with time zone`, `text[]`. */
export function targetType(name: string): TargetType {
  const found = known.get(name);
  if (found) return found;
  const lower = name.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  const element = /^(.*?)( ?\[\d*\])+$/.exec(lower)?.[1];
  const type: TargetType =
    element === undefined
      ? { name, family: families.find(([pattern]) => pattern.test(lower))?.[1] ?? 'text', element: null }
      : { name, family: 'array', element: targetType(element) };
  if (known.size < 10_000) known.set(name, type);
  return type;
}
