import type { JsonObject, JsonValue } from '../../contract/index.ts';
import type { PayloadTemplate, SagaInstance } from './saga.ts';

/** A path of a payload: where it looks, and by which names. `optional`: what is not there is null. */
export type PayloadPath = {
  readonly root: 'start' | 'replies' | 'saga';
  /** Of `replies`, the first is the step. */
  readonly names: readonly string[];
  readonly optional: boolean;
};

/** What a payload's paths lead to. */
export type PayloadContext = Pick<SagaInstance, 'id' | 'correlationId' | 'start' | 'replies'>;

/** A payload, or the path that leads nowhere. */
export type RenderedPayload = { readonly payload: JsonValue } | { readonly missing: string };

/** What a text of a payload means: a path, a plain text, or neither (`$` begins it, but no path). */
export function payloadText(text: string): PayloadPath | string | null {
  if (!text.startsWith('$')) return text;
  if (text.startsWith('$$')) return text.slice(1);
  const optional = text.endsWith('?');
  const [first, root, ...names] = text.slice(0, optional ? -1 : undefined).split('.');
  if (first !== '$' || names.some(name => name === '')) return null;
  switch (root) {
    case 'start':
      return { root, names, optional };
    case 'replies':
      return names.length === 0 ? null : { root, names, optional };
    case 'saga':
      return names.length === 1 && (names[0] === 'id' || names[0] === 'correlationId') ? { root, names, optional } : null;
    default:
      return null;
  }
}

/** A command's payload: the template with every path replaced by what it leads to. */
export function renderPayload(template: PayloadTemplate, context: PayloadContext): RenderedPayload {
  let missing: string | null = null;
  const payload = render(template);
  return missing === null ? { payload } : { missing };

  function render(node: PayloadTemplate): JsonValue {
    if (typeof node === 'string') return text(node);
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return (node as readonly JsonValue[]).map(render);
    return Object.fromEntries(Object.entries(node as JsonObject).map(([name, value]) => [name, render(value)]));
  }

  function text(node: string): JsonValue {
    const meaning = payloadText(node);
    if (meaning === null || typeof meaning === 'string') return meaning ?? node;
    const found = lookUp(rootOf(meaning.root, context), meaning.names);
    if (found !== undefined) return found;
    if (!meaning.optional) missing ??= node;
    return null;
  }
}

function rootOf(root: PayloadPath['root'], { id, correlationId, start, replies }: PayloadContext): JsonValue {
  switch (root) {
    case 'start':
      return start;
    case 'replies':
      return replies;
    case 'saga':
      return { id, correlationId };
  }
}

/** What lies at a path of names and indexes; undefined where nothing does. */
export function lookUp(value: JsonValue, names: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as JsonObject)[name];
  }
  return found;
}
