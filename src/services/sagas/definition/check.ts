import type { JsonObject, JsonValue } from '../../../contract/index.ts';
import { payloadText } from '../payload.ts';
import type { MessageMatch, PayloadTemplate, SagaCommandDefinition, SagaDefinition } from '../saga.ts';
import { suggestion } from './fields.ts';
import type { Faults, Place } from './place.ts';
import type { PlacedStep, ReadDefinition } from './read.ts';

/** Tells what does not fit together in a definition whose fields are read. */
export function checkDefinition({ definition, steps }: ReadDefinition, faults: Faults): void {
  checkNames(steps, faults);
  checkPivot(definition, steps, faults);
  checkReplies(definition, steps, faults);
  for (const placed of steps) {
    checkPaths(placed.step.payload, placed, steps, 'forward', [...placed.place, 'payload'], faults);
    if (placed.step.compensation !== null)
      checkPaths(placed.step.compensation.payload, placed, steps, 'compensation', [...placed.place, 'compensation', 'payload'], faults);
  }
}

function checkNames(steps: readonly PlacedStep[], faults: Faults): void {
  const seen = new Set<string>();
  for (const { step, place } of steps) {
    if (step.name !== '' && seen.has(step.name)) faults.add([...place, 'name'], `two steps are called ${step.name}.`);
    seen.add(step.name);
  }
}

function checkPivot({ pivot }: SagaDefinition, steps: readonly PlacedStep[], faults: Faults): void {
  const placed = pivot === null ? undefined : steps.find(({ step }) => step.name === pivot);
  if (pivot !== null && placed === undefined) {
    const names = steps.map(({ step }) => step.name);
    faults.add(['pivot'], `there is no step ${pivot}${suggestion(pivot, names)}`);
    return;
  }
  if (placed !== undefined && steps.some(other => other !== placed && other.stage === placed.stage))
    faults.add(
      ['pivot'],
      `${pivot} is sent together with others, which could fail when there is no way back any more: let it stand alone.`,
    );
  for (const { step, place, stage } of steps)
    if (step.compensation === null && (placed === undefined || stage < placed.stage))
      faults.add(
        place,
        placed === undefined
          ? `${step.name} has no compensation. Without one only a pivot, and what is behind it, can be: name what undoes it, or a pivot.`
          : `${step.name} is before the pivot (${pivot}) and has no compensation: name what undoes it.`,
      );
}

type Heard = { readonly match: MessageMatch; readonly place: Place; readonly who: string };

/** Every message must tell what it answers and what it says. */
function checkReplies({ start }: SagaDefinition, steps: readonly PlacedStep[], faults: Faults): void {
  const heard: Heard[] = [{ match: start, place: ['start'], who: 'starts the saga' }];
  const listen = (command: SagaCommandDefinition, place: Place, who: string): void => {
    for (const outcome of ['success', 'failure'] as const)
      for (const match of command[outcome]) {
        const other = heard.find(({ match: before }) => overlap(before, match));
        const says = `says that ${who} is ${outcome === 'success' ? 'done' : 'not done'}`;
        if (other !== undefined)
          faults.add(
            [...place, outcome],
            `a message on ${match.topic} ${other.who}, and it ${says}: which is not told. Give each a topic, or a type, of its own.`,
          );
        heard.push({ match, place: [...place, outcome], who: says });
      }
  };
  for (const { step, place } of steps) {
    listen(step, place, step.name);
    if (step.compensation !== null) listen(step.compensation, [...place, 'compensation'], `the compensation of ${step.name}`);
  }
}

function overlap(a: MessageMatch, b: MessageMatch): boolean {
  return a.topic !== '' && a.topic === b.topic && (a.type === null || b.type === null || a.type === b.type);
}

/**
 * A payload's paths must lead to replies that have come. A compensation may use its own step's, which has come unless the outcome is unknown, and,
 * where it may be missing (`?`), any.
 */
function checkPaths(
  template: PayloadTemplate,
  { step, stage }: PlacedStep,
  steps: readonly PlacedStep[],
  direction: 'forward' | 'compensation',
  place: Place,
  faults: Faults,
): void {
  walk(template, place);

  function walk(node: JsonValue, at: Place): void {
    if (typeof node === 'string') text(node, at);
    else if (Array.isArray(node)) for (const [index, item] of (node as readonly JsonValue[]).entries()) walk(item, [...at, index]);
    else if (typeof node === 'object' && node !== null)
      for (const [name, item] of Object.entries(node as JsonObject)) walk(item, [...at, name]);
  }

  function text(written: string, at: Place): void {
    const path = payloadText(written);
    if (path === null || typeof path === 'string' || path.root !== 'replies') return;
    const [name = ''] = path.names;
    const answered = steps.find(other => other.step.name === name);
    if (answered === undefined) {
      const names = steps.filter(other => other.stage < stage).map(other => other.step.name);
      faults.add(at, `${written}: there is no step ${name}${suggestion(name, names)}`);
    } else if (answered.step.success.length === 0 && !path.optional)
      faults.add(at, `${written}: nobody answers ${name} (success: none), so there is no reply.`);
    else if (answered.stage >= stage && !(direction === 'compensation' && (answered.step === step || path.optional)))
      faults.add(at, `${written}: ${name} is not before ${step.name}, so its reply has not come yet.`);
  }
}
