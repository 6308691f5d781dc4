import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { crashPointVariable } from '../../../src/contract/index.ts';
import type { ShownLetters } from '../../../src/engine/supervisor/supervisor-dead-letters.ts';
import type { ConnectorProgress } from '../../../src/engine/supervisor/supervisor-states.ts';
import { ConnectClient, isMomentary } from '../../support/connect-client.ts';
import { applied } from '../../support/connector-progress.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';
import { sinkCrashes } from './crashes.ts';
import type { SeededLog } from './seeded.ts';

const patienceMs = 60_000;
/** A task has so long to come to all of its records, with what restarts of a group cost. */
const testMsMax = 300_000;

function config(changes: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'connector.class': 'handler',
    topics: 't',
    'handler.module': join(import.meta.dirname, 'echo-handler.ts'),
    'key.converter': 'json',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'json',
    'value.converter.schemas.enable': 'false',
    'sink.batch.max.records': '50',
    'consumer.override.max.poll.records': '50',
    ...changes,
  };
}

/** A killed member's partitions come to others only after this. One that lives keeps them over any pause of the machine, so only where it is killed. */
const shortSession = { 'consumer.override.session.timeout.ms': '6000' };

class SinkDaemon {
  readonly daemon: Daemon;
  /** The connector's. */
  readonly name: string;
  readonly rest: ConnectClient;

  constructor(daemon: Daemon, name: string) {
    [this.daemon, this.name] = [daemon, name];
    this.rest = new ConnectClient(daemon.url);
  }

  async progress(): Promise<ConnectorProgress> {
    return this.rest.call<ConnectorProgress>('GET', `/sluice/connectors/${this.name}`);
  }

  async lag(): Promise<number | null> {
    const tasks = await this.progress().then(
      progress => progress.tasks,
      (error: unknown) => {
        if (isMomentary(error)) return [];
        throw error;
      },
    );
    if (tasks.length === 0 || tasks.every(({ consuming }) => (consuming?.partitions.length ?? 0) === 0)) return null;
    return tasks.reduce((sum, { consuming }) => sum + (consuming?.lag_records ?? 0), 0);
  }

  /** Waits until everything in the topics has been applied. */
  async applied(): Promise<void> {
    await applied(this.daemon, this.name, patienceMs);
  }
}

/** What `out` holds: the numbers of each id, in their order. */
async function published(log: SeededLog, daemon: Daemon): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  for await (const { value } of log.read(daemon, 'out')) {
    const { id, n } = JSON.parse(value!) as { id: number; n: number };
    found.set(id, [...(found.get(id) ?? []), n]);
  }
  return found;
}

/** What a daemon does for a sink, whichever log it has. */
export function sinkRuntime(open: () => Promise<SeededLog>): void {
  const started = async (log: SeededLog, topic: { partitions: number; keys: number; perKey: number }, changes: Record<string, string>) => {
    const daemon = await log.newDaemon();
    await log.seed(daemon, { topic: log.topic('t'), ...topic });
    await daemon.start();
    const sink = new SinkDaemon(daemon, log.topic('echo'));
    await sink.rest.putConfig(sink.name, config({ topics: log.topic('t'), ...renamed(log), ...changes }));
    return { daemon, sink };
  };
  /** The handler names the topics `t` and `out`; in a log that others use too they have other names. */
  const renamed = (log: SeededLog) => ({
    transforms: 'name',
    'transforms.name.type': 'RegexRouter',
    'transforms.name.regex': log.topic('t'),
    'transforms.name.replacement': 't',
    'handler.config.out': log.topic('out'),
  });

  describe('a sink in a daemon', () => {
    test('killed three times in mid-load: what it publishes is there once, in the order of each key, by several tasks', {
      timeout: testMsMax,
    }, async () => {
      const log = await open();
      const [keys, perKey] = [40, 200];
      const { daemon: started_, sink } = await started(log, { partitions: 4, keys, perKey }, { 'tasks.max': '3', ...shortSession });
      await using daemon = started_;
      for (const lag of [6000, 4000, 2000]) {
        await until(async () => ((await sink.lag()) ?? Number.POSITIVE_INFINITY) < lag, {
          what: `less than ${lag} records to be left. The daemon's log:\n${daemon.log()}\n`,
          timeoutMs: patienceMs,
          everyMs: 5,
        });
        await daemon.stop('SIGKILL');
        await daemon.start();
      }
      await sink.applied();
      const found = await published(log, daemon);
      assert.equal(found.size, keys);
      const expected = Array.from({ length: perKey }, (_, n) => n);
      for (const [id, numbers] of found) assert.deepEqual(numbers, expected, `key ${id}`);
      assert.equal((await sink.progress()).tasks.length, 3);
    });

    for (const point of sinkCrashes)
      test(`a crash at ${point} loses nothing`, { timeout: testMsMax }, async () => {
        const log = await open();
        const [keys, perKey] = [10, 60];
        const daemonOf = await log.newDaemon();
        await using daemon = daemonOf;
        await log.seed(daemon, { topic: log.topic('t'), partitions: 2, keys, perKey });
        const publishes = !point.startsWith('sink-committed');
        const file = join(daemon.dataFolder, '..', 'appended.txt');
        daemon.environment = { [crashPointVariable]: point };
        await daemon.start();
        const sink = new SinkDaemon(daemon, log.topic('echo'));
        await sink.rest.putConfig(
          sink.name,
          config({ topics: log.topic('t'), ...renamed(log), ...shortSession, ...(!publishes && { 'handler.config.append': file }) }),
        );
        assert.equal(await daemon.ended(patienceMs), 'SIGKILL');
        daemon.environment = {};
        await daemon.start();
        await sink.applied();
        if (publishes) {
          const found = await published(log, daemon);
          const expected = Array.from({ length: perKey }, (_, n) => n);
          assert.equal(found.size, keys);
          for (const [id, numbers] of found) assert.deepEqual(numbers, expected, `key ${id}`);
        } else {
          // An effect happens at least once.
          const lines = new Set(readFileSync(file, 'utf8').trim().split('\n'));
          assert.equal(lines.size, keys * perKey);
        }
      });

    test('a target that is away: RETRYING, and on where it was; lag, type and place over REST', { timeout: testMsMax }, async () => {
      const log = await open();
      const away = join(tmpdir(), `sluice-away-${process.pid}-${Math.random()}`);
      writeFileSync(away, '');
      const { daemon: started_, sink } = await started(
        log,
        { partitions: 1, keys: 5, perKey: 4 },
        { 'handler.config.away': away, 'errors.retry.delay.max.ms': '200' },
      );
      await using _daemon = started_;
      try {
        const retrying = async () => (await sink.progress()).tasks.find(({ state }) => state === 'RETRYING');
        const task = await until(retrying, { what: 'the task to be tried again', timeoutMs: patienceMs });
        assert.equal(task.retrying?.reason.includes('away'), true);
        await assert.rejects(sink.rest.call('GET', `/connectors/${sink.name}/wait?timeout=50`), { status: 503 });
        assert.equal(await sink.lag(), 20);
        const status = await sink.rest.status(sink.name);
        assert.deepEqual(
          status?.tasks.map(({ state }) => state),
          ['RUNNING'],
        );
      } finally {
        rmSync(away);
      }
      await sink.applied();
      assert.equal(await sink.lag(), 0);
      const expanded = await sink.rest.call<Record<string, { info: { type: string }; status: { type: string } }>>(
        'GET',
        '/connectors?expand=info&expand=status',
      );
      assert.deepEqual([expanded[sink.name]?.info.type, expanded[sink.name]?.status.type], ['sink', 'sink']);
      const offsets = await sink.rest.call('GET', `/connectors/${sink.name}/offsets`);
      assert.deepEqual(offsets, {
        offsets: [{ partition: { kafka_partition: 0, kafka_topic: log.topic('t') }, offset: { kafka_offset: 20 } }],
      });
    });

    test('who waits for a key waits for its newest record, and for no other', { timeout: testMsMax }, async () => {
      const log = await open();
      const away = join(tmpdir(), `sluice-away-${process.pid}-${Math.random()}`);
      writeFileSync(away, '10');
      const { daemon: started_, sink } = await started(
        log,
        { partitions: 1, keys: 20, perKey: 1 },
        { 'handler.config.away': away, 'errors.retry.delay.max.ms': '50', 'sink.batch.max.records': '1' },
      );
      await using _daemon = started_;
      const wait = (query: string) =>
        sink.rest.call<{ applied: readonly unknown[] }>('GET', `/connectors/${sink.name}/wait?${query}`).then(({ applied }) => applied);
      try {
        await until(async () => (await sink.lag()) === 10, { what: 'the first ten rows to be applied', timeoutMs: patienceMs });
        // Of these the log holds nothing newer than what is applied, though there is more of others.
        assert.deepEqual(await wait('key=3'), []);
        assert.deepEqual(await wait(`key=${encodeURIComponent('{"id": 3}')}&topic=${log.topic('t')}`), []);
        await assert.rejects(wait('timeout=50'), { status: 503 });
        await assert.rejects(wait('source=nobody&key=12'), { status: 404 });
        await assert.rejects(wait(`source=${sink.name}&key=12`), { status: 400, message: /not a source/ });
        for (const refused of ['key=', 'source=x', 'position=x', 'position=x&key=1'])
          await assert.rejects(wait(refused), { status: 400 }, refused);
        const [one, other] = [wait('key=12'), wait(`key=${encodeURIComponent('{"id":12}')}`)];
        // Asked behind those two: by its answer they wait as well.
        await assert.rejects(wait('key=12&timeout=500'), { status: 503, message: /newest record of the key/ });
        writeFileSync(away, '15');
        assert.deepEqual(await one, [{ topic: log.topic('t'), partition: 0, offset: 13 }]);
        assert.deepEqual(await other, await one);
        assert.equal((await sink.lag())! >= 5, true);
      } finally {
        rmSync(away);
      }
      await sink.applied();
      assert.deepEqual(await wait('key=19'), []);
    });

    test('offsets are changed and reset while it is stopped, as in Connect', { timeout: testMsMax }, async () => {
      const log = await open();
      const { daemon: started_, sink } = await started(log, { partitions: 1, keys: 1, perKey: 10 }, {});
      await using daemon = started_;
      await sink.applied();
      const partition = { kafka_topic: log.topic('t'), kafka_partition: 0 };
      const path = `/connectors/${sink.name}/offsets`;
      await assert.rejects(sink.rest.call('PATCH', path, { offsets: [{ partition, offset: { kafka_offset: 4 } }] }), { status: 400 });
      await sink.rest.stop(sink.name);
      await assert.rejects(sink.rest.call('PATCH', path, { offsets: [{ partition: { kafka_topic: 't' }, offset: null }] }), {
        status: 400,
        message: /must contain the keys 'kafka_topic' and 'kafka_partition'/,
      });
      await sink.rest.call('PATCH', path, { offsets: [{ partition, offset: { kafka_offset: '4' } }] });
      assert.deepEqual(await sink.rest.call('GET', path), { offsets: [{ partition, offset: { kafka_offset: 4 } }] });
      await sink.rest.resume(sink.name);
      await sink.applied();
      assert.deepEqual((await published(log, daemon)).get(0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 5, 6, 7, 8, 9]);
      await sink.rest.stop(sink.name);
      await sink.rest.call('DELETE', path);
      assert.deepEqual(await sink.rest.call('GET', path), { offsets: [] });
      await sink.rest.call('DELETE', path);
    });

    test('refused records become dead letters, later ones of their keys wait, and both are redelivered in order', {
      timeout: testMsMax,
    }, async () => {
      const log = await open();
      const errors = {
        'errors.tolerance': 'all',
        'errors.deadletterqueue.topic.name': log.topic('letters'),
        'errors.deadletterqueue.topic.replication.factor': '1',
        'errors.deadletterqueue.context.headers.enable': 'true',
        'errors.deadletterqueue.later.records': 'park',
      };
      const { daemon: started_, sink } = await started(
        log,
        { partitions: 2, keys: 3, perKey: 5 },
        { ...errors, 'handler.config.refused': '3' },
      );
      await using daemon = started_;
      await sink.applied();
      const path = `/sluice/connectors/${sink.name}/dead-letters`;
      const before = await sink.rest.call<ShownLetters>('GET', path);
      assert.deepEqual([before.waiting, before.topic], [6, log.topic('letters')]);
      assert.deepEqual(before.letters[0]?.stage, 'TASK_PUT');
      for (const [, numbers] of await published(log, daemon)) assert.deepEqual(numbers, [0, 1, 2]);
      // Sent again too early, the first of each key fails again, and the later ones wait behind it once more.
      assert.deepEqual(await sink.rest.call('POST', `${path}/redeliver`), { redelivered: 0, failed_again: 6 });
      for (const [, numbers] of await published(log, daemon)) assert.deepEqual(numbers, [0, 1, 2]);
      // The cause is mended, and they go through.
      await sink.rest.putConfig(sink.name, config({ topics: log.topic('t'), ...renamed(log), ...errors }));
      await until(async () => (await sink.progress()).tasks[0]?.consuming?.partitions.length === 2, {
        what: 'the task to have its partitions again',
        timeoutMs: patienceMs,
      });
      assert.deepEqual(await sink.rest.call('POST', `${path}/redeliver`), { redelivered: 6, failed_again: 0 });
      assert.equal((await sink.rest.call<ShownLetters>('GET', path)).waiting, 0);
      const found = await published(log, daemon);
      for (const [id, numbers] of found) assert.deepEqual(numbers, [0, 1, 2, 3, 4], `key ${id}`);
      assert.deepEqual(await sink.rest.call('POST', `${path}/redeliver`), { redelivered: 0, failed_again: 0 });
    });
  });
}
