import type { JsonObject, JsonValue } from '../../../contract/index.ts';

declare const referred: unique symbol;
const path = Symbol('path');

/** Stands in a payload for a value that an event will have: of type T, or a field of it. */
export type Reference<T> = { readonly [referred]: T } & (T extends object ? { readonly [Name in keyof T]-?: Reference<T[Name]> } : unknown);

/** A payload as TypeScript writes it: JSON, with references in it. */
export type PayloadShape =
  | null
  | boolean
  | number
  | string
  | { readonly [referred]: unknown }
  | readonly PayloadShape[]
  | { readonly [name: string]: PayloadShape };

/** A reference to a path, written `$.start`; what is read of it is a path that goes further. */
export function reference<T>(to: string): Reference<T> {
  const target = {} as Reference<T>;
  return new Proxy(target, {
    get: (_target, name) => (name === path ? to : typeof name === 'symbol' ? undefined : reference(`${to}.${name}`)),
    has: (_target, name) => name === path,
  });
}

/** May be missing: then it is null. */
export function optional<T>(to: Reference<T>): Reference<T | null> {
  return reference(`${pathOf(to)}?`);
}

function pathOf(value: object): string | null {
  return path in value ? String((value as { readonly [path]: unknown })[path]) : null;
}

/** The template that a payload with references means. */
export function templateOf(shape: PayloadShape): JsonValue {
  if (typeof shape !== 'object' || shape === null) return shape;
  const to = pathOf(shape);
  if (to !== null) return to;
  if (Array.isArray(shape)) return (shape as readonly PayloadShape[]).map(templateOf);
  const fields = Object.entries(shape as { readonly [name: string]: PayloadShape });
  return Object.fromEntries(fields.map(([name, field]) => [name, templateOf(field)])) as JsonObject;
}
