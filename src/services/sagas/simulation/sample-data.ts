import type { JsonObject, JsonValue } from '../../../contract/index.ts';
import { payloadText } from '../payload.ts';
import type { PayloadTemplate, SagaDefinition } from '../saga.ts';

/** Data of events that has just what the payloads of a saga look up. */
export type SampleData = { readonly start: JsonObject; readonly replies: Readonly<Record<string, JsonObject>> };

type Tree = { [name: string]: Tree | string };

/** Every field that a payload names is there, and says its own name. */
export function sampleData({ correlation, stages }: SagaDefinition): SampleData {
  const start: Tree = {};
  const replies: Record<string, Tree> = {};
  plant(start, correlation.split('.'));
  for (const { name, payload, compensation } of stages.flat()) {
    replies[name] ??= {};
    look(payload);
    if (compensation !== null) look(compensation.payload);
  }
  return { start, replies };

  function look(node: PayloadTemplate): void {
    if (typeof node === 'string') {
      const path = payloadText(node);
      if (path === null || typeof path === 'string' || path.root === 'saga') return;
      if (path.root === 'start') plant(start, path.names);
      else {
        const [step = '', ...names] = path.names;
        replies[step] ??= {};
        plant(replies[step], names);
      }
    } else if (Array.isArray(node)) for (const item of node as readonly JsonValue[]) look(item);
    else if (typeof node === 'object' && node !== null) for (const item of Object.values(node as JsonObject)) look(item);
  }
}

function plant(tree: Tree, names: readonly string[]): void {
  let at = tree;
  for (const [index, name] of names.entries()) {
    const found = Object.hasOwn(at, name) ? at[name] : undefined;
    const next: Tree = typeof found === 'object' ? found : {};
    if (index < names.length - 1) at[name] = next;
    else if (found === undefined) at[name] = name;
    at = next;
  }
}
