import type { CrashPoint } from '../../../src/contract/index.ts';
import { type ConnectClient, isMomentary } from '../../support/connect-client.ts';
import { until } from '../../support/until.ts';
import { faultRounds, faultSeed } from '../rounds.ts';

/** The connector that is crashed again and again. */
export const connector = 'crashing';

/** One crash: at the n-th passing of a point in a daemon that starts, or does what `request` asks of it. */
export type Step = {
  readonly point: CrashPoint;
  readonly passing: number;
  /** Where in the connector's life. */
  readonly stage: string;
  /** Asked over REST once it answers; left out: it comes to the point by itself. */
  request?(rest: ConnectClient, config: Readonly<Record<string, string>>): Promise<void>;
};

/** Between reading and telling the database: these are passed with every unit of records. */
const pointsOfUnits: readonly CrashPoint[] = [
  'unit-handed-over',
  'unit-durable',
  'unit-acknowledged',
  'embedded-begun',
  'embedded-records-written',
  'embedded-offsets-written',
  'embedded-committed',
  'embedded-change-uncommitted',
  'kafka-partitions-added',
  'kafka-produced',
  'kafka-commit-asked',
  'kafka-committed',
];

/** In `npm run fault` they are struck in the snapshot and in the stream; else half of them here and half there, which ones the seed decides. */
const everywhere = faultRounds > 3;
const inSnapshot = pointsOfUnits.filter((_, index) => everywhere || (index + faultSeed) % 2 === 0);
const inStream = pointsOfUnits.filter(point => everywhere || !inSnapshot.includes(point));
/** Some thirty starts of a daemon. */
export const crashesMsMax = everywhere ? 900_000 : 500_000;

const stage = (name: string, passing: number, points: readonly CrashPoint[]): readonly Step[] =>
  points.map(point => ({ point, passing, stage: name }));

/** Puts the connector: it is made, and starts. */
const put = (rest: ConnectClient, config: Readonly<Record<string, string>>) => rest.putConfig(connector, config);
const remove = (rest: ConnectClient) => rest.delete(connector);
const path = `/connectors/${connector}`;

/** A worker that has just joined its group shows at first what the one before it said last. */
async function reachState(rest: ConnectClient, wanted: string): Promise<void> {
  const reached = async () => (await rest.status(connector))?.connector.state === wanted;
  await until(reached, { what: `the connector to be ${wanted} after the crash`, timeoutMs: 60_000 });
}

/** Replaces the offsets by the same ones. Only the connector's owner tells them, and a group whose member has just died may not have one yet. */
async function alterOffsets(rest: ConnectClient): Promise<void> {
  await reachState(rest, 'STOPPED'); // what was stored before the crash before this one holds
  const told = () =>
    rest.call<object>('GET', `${path}/offsets`).catch((error: unknown) => {
      if (isMomentary(error)) return null;
      throw error;
    });
  await rest.change('PATCH', `${path}/offsets`, await until(told, { what: 'the offsets', timeoutMs: 60_000 }));
}

/** Every crash, in the order of a connector's life: each begins where the one before it left everything. */
const steps: readonly Step[] = [
  // A passing of its own for the log's own topics, which are made before any connector is known.
  ...stage('opening the log', 1, ['kafka-topic-created']),
  { point: 'config-stored', passing: 1, stage: 'creating', request: put },
  ...stage('first start', 1, ['kafka-id-taken', 'writer-opened', 'publication-made', 'slot-created', 'snapshot-view-taken']),
  ...stage('first records', 1, ['topics-unknown', 'kafka-topic-created', 'topics-created']),
  // The first unit is the snapshot's beginning, without records. That the snapshot's end is still to come is seen at the next step.
  ...stage('snapshot', 2, inSnapshot),
  ...stage('snapshot', 1, ['snapshot-complete']),
  ...stage('stream', 1, ['stream-started']),
  ...stage('stream', 3, inStream),
  ...stage('stream', 2, ['position-unsent', 'position-sent']),
  { point: 'target-stored', passing: 1, stage: 'stopping', request: rest => rest.change('PUT', `${path}/stop`) },
  { point: 'offsets-altered', passing: 1, stage: 'stopped', request: alterOffsets },
  { point: 'connector-ended', passing: 1, stage: 'deleting', request: remove },
  { point: 'connector-removed', passing: 1, stage: 'deleting', request: remove },
];

/** Points that lie on the way to one database alone. */
const ofPostgres: readonly CrashPoint[] = ['publication-made', 'slot-created', 'position-unsent', 'position-sent'];

/** The steps of one log and one database: the others' points are not on its way. */
export function stepsOf(log: 'embedded' | 'kafka', database: 'postgres' | 'mysql' | 'mongodb'): readonly Step[] {
  const other = log === 'embedded' ? 'kafka-' : 'embedded-';
  return steps.filter(({ point }) => !point.startsWith(other) && (database === 'postgres' || !ofPostgres.includes(point)));
}

/** fetch rejects with a TypeError where there is no answer; what REST answers with is a RestError. */
export const nobodyAnswers = (error: unknown): boolean => error instanceof TypeError;

/** Asks for what a step needs; that the daemon dies of it is no fault, an answer that refuses it is. */
export async function request({ request: ask }: Step, rest: ConnectClient, config: Readonly<Record<string, string>>): Promise<void> {
  await ask?.(rest, config).catch((error: unknown) => {
    if (!nobodyAnswers(error)) throw error;
  });
}
