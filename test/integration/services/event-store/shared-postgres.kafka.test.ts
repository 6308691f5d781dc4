import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { publishedForConsoleConsumer } from '../../../fault/strangers.ts';
import { startPostgres } from '../../../services/postgres.ts';
import { connectTo } from '../../../support/fresh-database.ts';
import { DaemonGroup, type GroupDaemon } from '../../../support/group-daemons.ts';
import { sharedKafka } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { EventStoreDaemon } from './killed-store.ts';

const publication = 'event-store-publication';

test('an event store in PostgreSQL behind two workers on Kafka: begun before its database is there, each event published once, over a kill', {
  timeout: 300_000,
}, async () => {
  const kafka = await sharedKafka();
  await using server = await startPostgres({ version: 18 });
  // The broker is others' too.
  const mark = randomBytes(4).toString('hex');
  const topic = `events-${mark}`;
  const { hostname, port, username, password } = new URL(server.url);
  await using group = new DaemonGroup(kafka, {
    'services.event-store.store': 'postgres',
    'services.event-store.topic': topic,
    'services.event-store.database.hostname': hostname,
    'services.event-store.database.port': port,
    'services.event-store.database.user': decodeURIComponent(username),
    'services.event-store.database.password': decodeURIComponent(password) || 'unused',
    'services.event-store.database.dbname': `shared_${mark}`,
  });
  const workers = [await group.add(), await group.add()] as const;
  const [one, two] = workers;
  await group.settled(workers, [publication]);
  const failed = async () => (await one.rest.status(publication))?.tasks[0]?.state === 'FAILED';
  await until(failed, { what: 'the publication to miss its database' });
  {
    await using admin = await connectTo(server.url);
    await admin.query(`create database shared_${mark}`);
  }

  const expected = new Map<string, string[]>();
  let count = 0;
  /** Appends through the workers in turn. */
  const append = async (events: number, by: readonly GroupDaemon[]) => {
    for (let more = 0; more < events; more++) {
      const [id, key] = [`e-${count}`, String(count % 3)];
      await new EventStoreDaemon(by[count++ % by.length]!.daemon).appendPatiently(`order:${key}`, [{ id, type: 'OrderChanged', data: {} }]);
      expected.set(key, [...(expected.get(key) ?? []), id]);
    }
  };
  /** Waits until whoever publishes now has published so many; answers who that is. */
  const published = (events: number, asked: GroupDaemon, by: readonly GroupDaemon[]) =>
    until(
      async () => {
        const status = await asked.rest.status(publication).catch(() => null);
        const owner = by.find(({ id }) => status?.tasks[0]?.state === 'RUNNING' && status.tasks[0].worker_id === id);
        if (owner === undefined) return null;
        type Progress = { readonly tasks: readonly { readonly records: number }[] };
        const progress = await owner.rest.call<Progress>('GET', `/sluice/connectors/${publication}`).catch(() => null);
        return (progress?.tasks[0]?.records ?? 0) >= events ? owner : null;
      },
      { what: `${events} events to be published. The end of the log:\n${asked.daemon.log()}\n`, timeoutMs: 90_000 },
    );
  await append(9, workers);
  const owner = await published(9, one, workers);
  const other = owner === one ? two : one;
  await owner.daemon.stop('SIGKILL');
  await append(6, [other]);
  await published(6, other, [other]);

  const found = new Map<string, string[]>();
  for await (const { key, value } of publishedForConsoleConsumer(kafka, [topic]))
    found.set(key, [...(found.get(key) ?? []), (JSON.parse(value!) as { id: string }).id]);
  assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()), 'each event once, in the order of its stream');
});
