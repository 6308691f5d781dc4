import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog } from '../../../../src/contract/index.ts';
import { SluiceError } from '../../../../src/contract/index.ts';
import { sourceSpec } from '../../../../src/engine/source/source-options.ts';
import type { SupervisedConnector } from '../../../../src/engine/supervisor/supervisor-connector.ts';
import type { SupervisedConnectors } from '../../../../src/engine/supervisor/supervisor-connectors.ts';
import type { VerificationState } from '../../../../src/engine/verification/progress.ts';
import type { VerificationRequest } from '../../../../src/engine/verification/request.ts';
import { scheduleOf, type VerificationSchedule } from '../../../../src/engine/verification/schedule-options.ts';
import { ScheduledVerifications } from '../../../../src/engine/verification/scheduled-verifications.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

const day = 86_400_000;
const schedule: VerificationSchedule = { against: ['search', 'log'], intervalMs: day, rate: 200, repair: true };

/** One source, a clock, and what was begun. */
class World {
  nowMs = 1_000_000_000;
  phase: string | null = 'streaming';
  owned = true;
  refused = false;
  schedule: VerificationSchedule | null = schedule;
  readonly recalled: string[] = [];
  readonly begun: { against: string; at: number; request: VerificationRequest | null; state?: VerificationState }[] = [];

  scheduled(): ScheduledVerifications {
    const connector = { source: { schedule: null }, progress: () => ({ tasks: [{ phase: this.phase }] }) };
    Object.defineProperty(connector, 'source', { get: () => ({ schedule: this.schedule }) });
    const connectors = { names: () => ['shop'], owns: () => this.owned };
    return new ScheduledVerifications(
      {
        log: {} as EventLog,
        connectors: connectors as Partial<SupervisedConnectors> as SupervisedConnectors,
        connector: () => connector as object as SupervisedConnector,
      },
      {
        list: async () =>
          this.begun.map(({ against, at, state = 'COMPLETED' }) => ({ against, state, started_at: new Date(at).toISOString() })).reverse(),
        start: async (_source, request) => {
          if (this.refused) throw new SluiceError('CONFLICT', 'not now');
          this.begun.push({ against: request.against, at: this.nowMs, request });
        },
        recall: async source => void this.recalled.push(source),
      },
      { clock: { nowMs: () => this.nowMs, nowNs: () => 0n }, logger: () => silentLogger },
      new AbortController().signal,
    );
  }

  get names(): readonly string[] {
    return this.begun.map(({ against }) => against);
  }
}

test('each is begun when it is due, at its pace, and not before', async () => {
  const world = new World();
  const scheduled = world.scheduled();
  await scheduled.look();
  assert.deepEqual(world.names, ['search', 'log']);
  const [search, log] = world.begun.map(({ request }) => request!);
  assert.deepEqual([search!.rate, search!.repair, log!.repair], [200, true, false], 'the log is not repaired');
  world.nowMs += day - 1;
  await scheduled.look();
  assert.equal(world.begun.length, 2);
  world.nowMs += 1;
  await scheduled.look();
  assert.deepEqual(world.names, ['search', 'log', 'search', 'log']);
});

test('a worker that is started again goes on by what is stored, and one that was begun by hand counts', async () => {
  const world = new World();
  world.begun.push({ against: 'search', at: world.nowMs - day / 2, request: null });
  const scheduled = world.scheduled();
  await scheduled.look();
  assert.deepEqual(world.names, ['search', 'log']);
  assert.deepEqual(new Set(world.recalled), new Set(['shop']));
  world.nowMs += day / 2 - 1;
  world.begun.push({ against: 'search', at: world.nowMs, request: null });
  world.nowMs += 1;
  await scheduled.look();
  assert.deepEqual(world.names, ['search', 'log', 'search'], 'half a day later it would have been due, but for the one by hand');
});

test('one whose worker ended in the midst of it is begun again', async () => {
  const world = new World();
  world.schedule = { ...schedule, against: ['log'] };
  world.begun.push({ against: 'log', at: world.nowMs - 1, request: null, state: 'ABANDONED' });
  await world.scheduled().look();
  assert.deepEqual(world.names, ['log', 'log']);
});

test('none is begun before the source streams, for a connector of another worker, or without a schedule', async () => {
  const world = new World();
  const scheduled = world.scheduled();
  world.phase = 'snapshot';
  await scheduled.look();
  [world.phase, world.owned] = ['streaming', false];
  await scheduled.look();
  [world.owned, world.schedule] = [true, null];
  await scheduled.look();
  assert.deepEqual(world.names, []);
  world.schedule = { ...schedule, against: ['log'] };
  await scheduled.look();
  assert.deepEqual(world.names, ['log']);
});

test('one that cannot be begun is tried again after a minute', async () => {
  const world = new World();
  world.schedule = { ...schedule, against: ['search'] };
  const scheduled = world.scheduled();
  world.refused = true;
  await scheduled.look();
  world.refused = false;
  world.nowMs += 59_999;
  await scheduled.look();
  assert.deepEqual(world.names, []);
  world.nowMs += 1;
  await scheduled.look();
  assert.deepEqual(world.names, ['search']);
});

test('the options of a schedule are read, bounded, and refused where they ask for nothing', () => {
  const given = { name: 'shop', 'connector.class': 'postgres' };
  const parsed = sourceSpec.parse({ ...given, 'verify.against': 'search, log, search', 'verify.interval.ms': '60000' }, () => true);
  assert.deepEqual(scheduleOf(parsed.config!), { against: ['search', 'log'], intervalMs: 60_000, rate: 1_000, repair: false });
  assert.equal(scheduleOf(sourceSpec.parse(given, () => true).config!), null);
  const faults = (more: Record<string, string>) => sourceSpec.parse({ ...given, ...more }, () => true).faults.map(({ message }) => message);
  assert.match(faults({ 'verify.rate': '5' }).join(), /verify.rate needs verify.against/);
  assert.match(faults({ 'verify.against': 'log', 'verify.interval.ms': '10' }).join(), /at least 1000/);
  assert.match(faults({ 'verify.against': 'log', 'verify.rate': '0' }).join(), /at least 1/);
});
