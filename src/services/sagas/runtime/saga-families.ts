import type { ServiceFamily } from '../../hosting/service.ts';
import type { SagaState } from '../saga.ts';
import type { SagaCounts } from './saga-counts.ts';

/** A saga as metrics show it. */
export type ObservedSaga = {
  readonly name: string;
  readonly state: string;
  readonly counts: SagaCounts;
  /** null where this worker does not run it. */
  readonly instances: Readonly<Record<SagaState, number>> | null;
};

type Samples = ReturnType<ServiceFamily['samples']>;

/** What a worker tells of its sagas in /metrics. */
export function sagaFamilies(observed: () => readonly ObservedSaga[]): readonly ServiceFamily[] {
  const family = (
    name: string,
    type: ServiceFamily['type'],
    help: string,
    more: readonly string[],
    samplesOf: (saga: ObservedSaga) => Samples,
  ): ServiceFamily => ({
    name,
    type,
    help,
    labels: ['saga', ...more],
    samples: () =>
      observed().flatMap(saga => samplesOf(saga).map(({ labels, value }) => ({ labels: { saga: saga.name, ...labels }, value }))),
  });
  const counter = (name: string, help: string, of: (counts: SagaCounts) => number) =>
    family(name, 'counter', help, [], ({ counts }) => [{ labels: {}, value: of(counts) }]);
  return [
    family('sluice_saga_state', 'gauge', 'The state of a saga on this worker, as a label; always 1.', ['state'], ({ state }) => [
      { labels: { state }, value: 1 },
    ]),
    family(
      'sluice_saga_instances',
      'gauge',
      'Instances, by their state; ended ones until their retention is over.',
      ['state'],
      ({ instances }) => Object.entries(instances ?? {}).map(([state, value]) => ({ labels: { state }, value })),
    ),
    counter('sluice_saga_started_total', 'Instances that have started.', ({ started }) => started),
    counter('sluice_saga_completed_total', 'Instances that have been completed.', ({ completed }) => completed),
    counter('sluice_saga_compensated_total', 'Instances that have been undone.', ({ compensated }) => compensated),
    counter('sluice_saga_stuck_total', 'How often an instance got stuck, so that only a person can go on.', ({ stuck }) => stuck),
    counter(
      'sluice_saga_commands_total',
      'Commands that were sent, compensations and further attempts among them.',
      ({ commands }) => commands,
    ),
    counter('sluice_saga_orders_total', 'What people had done: retry, skip, compensate.', ({ orders }) => orders),
    family(
      'sluice_saga_messages_total',
      'counter',
      'Messages that came, by what they were: start, reply, late, repeated, foreign, dead-letter, ignored.',
      ['heard'],
      ({ counts }) => [...counts.heard].map(([heard, value]) => ({ labels: { heard }, value })),
    ),
    family(
      'sluice_saga_step_seconds',
      'histogram',
      'From a step’s first command to the reply that decided it, a compensation’s too.',
      ['step'],
      ({ counts }) => [...counts.steps].map(([step, value]) => ({ labels: { step }, value })),
    ),
  ];
}
