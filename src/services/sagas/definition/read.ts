import type { JsonValue } from '../../../contract/index.ts';
import type { SagaDefinition, SagaStepDefinition } from '../saga.ts';
import { commandDefaults, commandFields, namePattern, nameRule, readCommand, readMatch } from './command.ts';
import { Fields, isObject } from './fields.ts';
import type { Faults, Place } from './place.ts';

/** A step, where it stands, and in which stage. */
export type PlacedStep = { readonly step: SagaStepDefinition; readonly place: Place; readonly stage: number };

/** A definition as it is written, its fields read; whether they fit each other is looked at by `checkDefinition`. */
export type ReadDefinition = { readonly definition: SagaDefinition; readonly steps: readonly PlacedStep[] };

const sagaFields = ['name', 'start', 'correlation', 'deadline', 'pivot', 'steps'];
const stepFields = ['name', ...commandFields, 'compensation'];

/** The most steps of a saga. */
const stepsMax = 100;

/** Reads the fields of a definition and fills in what is left out. null: it is none at all. Everything wrong is told to `faults`. */
export function readDefinition(value: JsonValue, faults: Faults): ReadDefinition | null {
  const fields = Fields.of(value, [], 'a saga', sagaFields, faults);
  if (fields === null) return null;
  const pivot = fields.get('pivot') ?? null;
  if (pivot !== null && typeof pivot !== 'string') fields.fault('pivot', 'it is the name of a step.');
  const steps = readSteps(fields, typeof pivot === 'string' ? pivot : null, faults);
  const start = fields.get('start');
  if (start === undefined) fields.fault(null, "the saga has no 'start': the topic of the event that starts it.");
  const definition: SagaDefinition = {
    name: fields.text('name', { pattern: namePattern, is: nameRule, missing: "the saga has no 'name'." }),
    start: (start === undefined ? null : readMatch(start, fields.at('start'), faults)) ?? { topic: '', type: null },
    correlation: fields.text('correlation', {
      pattern: /^[^.\s]+(\.[^.\s]+)*$/,
      is: 'it is the path of a field: orderId, or order.id',
      missing: "the saga has no 'correlation': the field of the starting event and of every reply that holds the affair's id (orderId).",
    }),
    stages: stagesOf(steps),
    pivot: typeof pivot === 'string' ? pivot : null,
    deadlineMs: fields.get('deadline') === undefined ? null : fields.durationMs('deadline', 1, 1),
  };
  return { definition, steps };
}

function stagesOf(steps: readonly PlacedStep[]): SagaDefinition['stages'] {
  const stages: SagaStepDefinition[][] = [];
  for (const { step, stage } of steps) {
    stages[stage] ??= [];
    stages[stage].push(step);
  }
  return stages.filter(stage => stage !== undefined);
}

function readSteps(saga: Fields, pivot: string | null, faults: Faults): readonly PlacedStep[] {
  const value = saga.get('steps');
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : null;
  if (list === null || list.length === 0) {
    saga.fault(value === undefined ? null : 'steps', "the saga has no 'steps': a list of at least one.");
    return [];
  }
  const steps: PlacedStep[] = [];
  let behindPivot = false;
  for (const [stage, item] of list.entries()) {
    const place = [...saga.at('steps'), stage];
    const before = steps.length;
    for (const [each, at] of membersOf(item, place, faults)) {
      const step = readStep(each, at, behindPivot, faults);
      if (step !== null) steps.push({ step, place: at, stage });
    }
    behindPivot ||= steps.slice(before).some(({ step }) => step.name === pivot);
  }
  if (steps.length > stepsMax) saga.fault('steps', `a saga has at most ${stepsMax} steps.`);
  return steps;
}

/** The steps of a stage: one, or those of `together`. */
function membersOf(item: JsonValue, place: Place, faults: Faults): readonly (readonly [JsonValue, Place])[] {
  if (!isObject(item) || !Object.hasOwn(item, 'together')) return [[item, place]];
  const fields = Fields.of(item, place, "a group's 'together' stands alone, which", ['together'], faults);
  const members = fields?.get('together');
  if (!Array.isArray(members) || members.length === 0) {
    faults.add([...place, 'together'], 'a group has no step: what is in it, and so what is behind it, is never reached.');
    return [];
  }
  return (members as readonly JsonValue[]).map((member, index) => [member, [...place, 'together', index]]);
}

function readStep(value: JsonValue, place: Place, behindPivot: boolean, faults: Faults): SagaStepDefinition | null {
  const fields = Fields.of(value, place, 'a step', stepFields, faults);
  if (fields === null) return null;
  const name = fields.text('name', { pattern: namePattern, is: nameRule, missing: "the step has no 'name'." });
  const who = name === '' ? 'the step' : name;
  const attemptsMax = behindPivot ? commandDefaults.attemptsMaxOfNoReturn : commandDefaults.attemptsMax;
  const command = readCommand(fields, who, { type: name, topic: undefined, attemptsMax }, faults);
  return { name, ...command, compensation: readCompensation(fields, who, command.topic, faults) };
}

/** Goes to the step's own topic where it does not say: there it stays behind the command. */
function readCompensation(step: Fields, who: string, topic: string, faults: Faults): SagaStepDefinition['compensation'] {
  const value = step.get('compensation');
  if (value === undefined || value === null) return null;
  const fields = Fields.of(value, step.at('compensation'), 'a compensation', commandFields, faults);
  if (fields === null) return null;
  const defaults = { type: undefined, topic, attemptsMax: commandDefaults.attemptsMaxOfNoReturn };
  return readCommand(fields, `the compensation of ${who}`, defaults, faults);
}
