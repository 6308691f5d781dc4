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

/**
 * How a topic is made that somebody else of this worker publishes to, as its event store; null: nobody does. `starts`: a definition begins with what comes there. A saga listens
 * before the first event is published, so it is nearly always the first to need the topic, and whoever is first decides what it keeps.
 */
export type PublishedTopics = (topic: string, starts: boolean) => TopicSpec | null;

const plainSpec = (topic: string): TopicSpec => ({ topic, partitions: -1, replicationFactor: -1, configs: {} });

/** All topics of definitions, and the saga's dead letters: made where they are not there yet, so that nobody waits for the other. */
export function specsOf(
  saga: string,
  definitions: Iterable<SagaDefinition>,
  publishedTopics: PublishedTopics = () => null,
): readonly TopicSpec[] {
  const starting = new Set<string>();
  const named = new Set<string>();
  for (const definition of definitions) {
    starting.add(definition.start.topic);
    for (const { topic } of heardBy(definition)) named.add(topic);
    for (const { topic } of commandsOf(definition)) named.add(topic);
  }
  const specs = [...named].map(topic => publishedTopics(topic, starting.has(topic)) ?? plainSpec(topic));
  return [{ ...plainSpec(deadLettersTopicOf(saga)), partitions: 1 }, ...specs];
}

/** Every command that a definition may send. */
export function commandsOf({ stages }: SagaDefinition): readonly SagaCommandDefinition[] {
  return stages.flat().flatMap(step => (step.compensation === null ? [step] : [step, step.compensation]));
}

/** Every message that a definition waits for. */
export function heardBy(definition: SagaDefinition): readonly MessageMatch[] {
  return [definition.start, ...commandsOf(definition).flatMap(({ success, failure }) => [...success, ...failure])];
}
