import { nearest } from '../../../contract/index.ts';
import type { MessageMatch, SagaCommandDefinition, SagaDefinition } from '../saga.ts';
import { Faults, type Place, type PlacedDocument } from './place.ts';

const withoutLines: PlacedDocument = { value: null, lineOf: () => null };

/**
 * Throws SluiceError SAGA_INVALID where a definition names topics that are not among those known, each with its place and the nearest that is.
 * `document` is what it was read of, where that has lines.
 */
export function refuseUnknownTopics(
  { start, stages }: SagaDefinition,
  known: readonly string[],
  file: string,
  document: PlacedDocument = withoutLines,
): void {
  const faults = new Faults();
  check([start], ['start']);
  for (const [stage, steps] of stages.entries())
    for (const [index, step] of steps.entries()) {
      const place = steps.length === 1 ? ['steps', stage] : ['steps', stage, 'together', index];
      checkCommand(step, place);
      if (step.compensation !== null) checkCommand(step.compensation, [...place, 'compensation']);
    }
  if (faults.any) throw faults.error(file, document);

  function checkCommand({ topic, success, failure }: SagaCommandDefinition, place: Place): void {
    check([{ topic }], [...place, 'topic']);
    check(success, [...place, 'success']);
    check(failure, [...place, 'failure']);
  }

  function check(named: readonly Pick<MessageMatch, 'topic'>[], place: Place): void {
    for (const { topic } of named) {
      if (known.includes(topic)) continue;
      const near = nearest(topic, known);
      faults.add(place, `the log has no topic ${topic}${near === null ? '.' : `; did you mean '${near}'?`}`);
    }
  }
}
