import type { TopicSpec } from '../../../contract/index.ts';
import type { MessageMatch, SagaCommandDefinition, SagaDefinition } from '../saga.ts';

/** A saga's own name in the log: of its writer, which no connector can have. */
export const taskOf = (saga: string) => ({ connector: `sluice:sagas:${saga}`, task: 0 });
/** The group whose offsets say how far a saga has heard. */
export const groupOf = (saga: string) => `sluice-sagas-${saga}`;
/** The group whose one member runs a saga where several workers could. */
export const ownerGroupOf = (saga: string) => `sluice-sagas-${saga}-owner`;
/** Where a saga's instances are kept. */
export const instancesTopicOf = (saga: string) => `sluice.sagas.${saga}`;
/** Where messages go that no instance can take. */
export const deadLettersTopicOf = (saga: string) => `sluice.sagas.${saga}.dead-letters`;

/** One partition, so that it has one order; the last record of each instance stays until its retention is over. */
export function instancesSpec(saga: string): TopicSpec {
  const configs = { 'cleanup.policy': 'compact', 'retention.ms': '-1', 'retention.bytes': '-1' };
  return { topic: instancesTopicOf(saga), partitions: 1, replicationFactor: -1, configs };
}

const plainSpec = (topic: string): TopicSpec => ({ topic, partitions: -1, replicationFactor: -1, configs: {} });

/** All topics of definitions, and the saga's dead letters: made where they are not there yet, so that nobody waits for the other. */
export function specsOf(saga: string, definitions: Iterable<SagaDefinition>): readonly TopicSpec[] {
  const plain = new Set<string>();
  for (const definition of definitions) {
    for (const { topic } of heardBy(definition)) plain.add(topic);
    for (const { topic } of commandsOf(definition)) plain.add(topic);
  }
  return [{ ...plainSpec(deadLettersTopicOf(saga)), partitions: 1 }, ...[...plain].map(plainSpec)];
}

/** Every command that a definition may send. */
export function commandsOf({ stages }: SagaDefinition): readonly SagaCommandDefinition[] {
  return stages.flat().flatMap(step => (step.compensation === null ? [step] : [step, step.compensation]));
}

/** Every message that a definition waits for. */
export function heardBy(definition: SagaDefinition): readonly MessageMatch[] {
  return [definition.start, ...commandsOf(definition).flatMap(({ success, failure }) => [...success, ...failure])];
}
