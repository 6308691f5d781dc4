import { type Field, options, type Schema, type Struct, type Value } from '../../src/contract/index.ts';
import { type MapValue, requireMapOrNull, requireStructOrNull } from './require.ts';

/** `field.syntax.version` (KIP-821): V1 names a field of the root, V2 a path with dots, names that hold dots between backticks. */
export const fieldSyntaxVersion = options.choice(['v1', 'v2'], {
  default: 'V1',
  importance: 'HIGH',
  doc:
    'Defines the version of the syntax to access fields. If set to `V1`, then the field paths are limited to access the elements at the ' +
    'root level of the struct or map. If set to `V2`, the syntax will support accessing nested elements with dotted notation; names that ' +
    'include dots are wrapped in backtick pairs: "`foo.bar`.baz".',
});

function incompletePair(path: string, at: number): Error {
  return new Error(
    `Incomplete backtick pair in path: [${path}], consider adding a backslash before backtick at position ${at} to escape it`,
  );
}

/** The step that opens with a backtick at `opening`; a backtick ends it only before a dot or the end, and not after a backslash. */
function quotedStep(path: string, opening: number): { step: string; next: number } {
  let step = '';
  let start = opening + 1;
  for (let at = start; ; ) {
    at = path.indexOf('`', at);
    if (at < 0) throw incompletePair(path, opening);
    const isEscaped = path[at - 1] === '\\';
    if (at === path.length - 1) {
      if (isEscaped) throw incompletePair(path, opening);
      return { step: step + path.slice(start, at), next: at + 1 };
    }
    if (path[at + 1] !== '.') at++;
    else if (isEscaped) {
      step += path.slice(start, at - 1) + '`';
      start = ++at;
    } else return { step: step + path.slice(start, at), next: at + 2 };
  }
}

/** The names along a path of syntax V2. Throws an Error for a backtick without its partner. */
export function stepsOf(path: string): readonly string[] {
  const steps: string[] = [];
  for (let at = 0; at < path.length; ) {
    if (path[at] === '`') {
      const { step, next } = quotedStep(path, at);
      steps.push(step);
      at = next;
      continue;
    }
    const dot = path.indexOf('.', at);
    steps.push(path.slice(at, dot < 0 ? undefined : dot));
    at = dot < 0 ? path.length : dot + 1;
  }
  if (path === '' || path.endsWith('.')) steps.push('');
  return steps;
}

/** One field, wherever it is nested (SingleFieldPath). */
export class FieldPath {
  readonly #parents: readonly string[];
  readonly #last: string;

  constructor(steps: readonly string[]) {
    this.#parents = steps.slice(0, -1);
    this.#last = steps.at(-1) ?? '';
  }

  fieldIn(schema: Schema): Field | undefined {
    let current = schema;
    for (const step of this.#parents) {
      const field = current.field(step);
      if (field === undefined) return undefined;
      current = field.schema;
    }
    return current.field(this.#last);
  }

  /** null where the path leads nowhere. Structs on the way are read with their defaults. */
  valueInStruct(struct: Struct, withDefault: boolean): Value {
    let current = struct;
    for (const step of this.#parents) {
      const next = requireStructOrNull(current.getOrDefault(step) ?? null, 'nested field access');
      if (next === null) return null;
      current = next;
    }
    return (withDefault ? current.getOrDefault(this.#last) : current.get(this.#last)) ?? null;
  }

  valueInMap(map: MapValue): Value {
    let current = map;
    for (const step of this.#parents) {
      const next = requireMapOrNull(current.get(step) ?? null, 'nested field access');
      if (next === null) return null;
      current = next;
    }
    return current.get(this.#last) ?? null;
  }
}
