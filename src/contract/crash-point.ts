import { SluiceError } from './errors.ts';
import { nearest } from './nearest.ts';

/**
 * The places between two steps of a change's way, and of a change over REST, where a crash leaves one step done and the next one not.
 * test/fault goes through all of them: after each, every change must be in the log exactly once.
 */
export const crashPoints = [
  // The database
  'publication-made',
  'slot-created',
  'snapshot-view-taken',
  'snapshot-complete',
  'stream-started',
  'position-unsent',
  'position-sent',
  // A task
  'writer-opened',
  'topics-unknown',
  'topics-created',
  'unit-handed-over',
  'unit-durable',
  'unit-acknowledged',
  // A sink's task
  'sink-written',
  'sink-published',
  'sink-committed',
  // A saga
  'saga-decided',
  'saga-durable',
  // REST
  'config-stored',
  'target-stored',
  'offsets-altered',
  'connector-ended',
  'connector-removed',
  // The embedded log, in its writer's thread
  'embedded-begun',
  'embedded-records-written',
  'embedded-offsets-written',
  'embedded-committed',
  'embedded-change-uncommitted',
  // The Kafka log
  'kafka-id-taken',
  'kafka-topic-created',
  'kafka-partitions-added',
  'kafka-produced',
  'kafka-commit-asked',
  'kafka-committed',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** The environment variable that arms one, a testing aid: `name`, or `name:n` for its n-th passing. */
export const crashPointVariable = 'SLUICE_CRASH_POINT';

type Armed = { readonly name: CrashPoint; passingsLeft: number; readonly crash: () => void };

let armed: Armed | null = null;

/**
 * Arms the point that `setting` names, in this thread; an undefined or empty one arms none. `crash` must end the process at once, as kill -9
 * does. Throws SluiceError CONFIG_INVALID for a name that there is not.
 */
export function armCrashPoint(setting: string | undefined, crash: () => void): void {
  armed = null;
  if (setting === undefined || setting === '') return;
  const [, text, count] = /^(.*?)(?::([1-9]\d*))?$/s.exec(setting)!;
  const name = crashPoints.find(point => point === text);
  if (name === undefined) {
    const near = nearest(text!, crashPoints);
    throw new SluiceError(
      'CONFIG_INVALID',
      `${crashPointVariable} names no crash point: '${setting}'${near ? `; did you mean '${near}'?` : '.'}`,
      { remedy: `Unset ${crashPointVariable}: it is for tests, and kills the daemon.` },
    );
  }
  armed = { name, passingsLeft: Number(count ?? 1), crash };
}

/** A step is done and the next is not. Once a batch at most, never once a row; disarmed it costs a comparison. */
export function crashPoint(name: CrashPoint): void {
  if (armed !== null && armed.name === name && --armed.passingsLeft === 0) armed.crash();
}
