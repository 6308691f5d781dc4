import { test } from 'node:test';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import type { PublishedEvent } from '../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore } from '../../../src/services/event-store/postgres/postgres-event-store.ts';
import { publicationConnector } from '../../../src/services/event-store/postgres/publication-connector.ts';
import { startPostgres } from '../../services/postgres.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { randomOf } from '../../support/random-changes.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { faultSeed } from '../rounds.ts';
import { publishedForSqlite3 } from '../strangers.ts';
import { appendWithHeldCommits, Follower, follow } from './held-commits.ts';

/** HELD_COMMITS_APPENDS=1000000 HELD_COMMITS_MS=5000: the large one. */
const appends = Number(process.env['HELD_COMMITS_APPENDS'] ?? 3_000);
const heldMsMax = Number(process.env['HELD_COMMITS_MS'] ?? 300);
const topic = 'domain-events';

test(`${appends} appends of 64 writers, some of whose commits are held back: none is skipped or doubled`, {
  timeout: 3_600_000,
}, async context => {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startPostgres({ version: 18, settings: { synchronous_commit: 'on', shared_buffers: '256MB' } }));
  const store = resources.use(await openPostgresEventStore({ connection: server.url }));
  const daemon = resources.use(await startDaemon({}));
  const rest = new ConnectClient(daemon.url);
  const { name, config } = publicationConnector({ name: 'held-commits', database: databaseOptions(server.url) });
  const below = randomOf(faultSeed);
  const abort = new AbortController();
  const subscribed = new Follower('subscribe');
  const subscription = follow(store, subscribed, abort.signal);
  let failure: { readonly reason: unknown } | null = null;
  subscription.catch(reason => {
    failure = { reason };
  });
  const seen = (count: number) => {
    if (failure !== null) throw failure.reason;
    return subscribed.total >= count;
  };

  const appending = appendWithHeldCommits({
    ...{ url: server.url, appends, writers: 64, heldShare: 0.01, heldMsMax },
    random: () => below(1_000_000) / 1_000_000,
  });
  appending.catch(() => {}); // awaited at the end
  await until(() => seen(appends / 10), { what: 'the first events', timeoutMs: 600_000 });
  // Part of them are published by the snapshot, part by the stream, and a crash is in between.
  await rest.putConfig(name, config);
  await rest.running(name);
  await until(() => seen(appends / 2), { what: 'half of the events', timeoutMs: 3_000_000 });
  await daemon.stop('SIGKILL');
  await daemon.start();
  const appended = await appending;
  await until(() => seen(appended.total), { what: 'the subscription to bring all', timeoutMs: 600_000 });
  abort.abort();
  await subscription;
  subscribed.assertAll(appended);

  const published = async () => {
    await rest.assertNotFailed(name);
    await using log = await openEmbeddedLog({ dataDir: daemon.dataFolder, readOnly: true, logger: silentLogger });
    const [described] = await log.describeTopics([topic]);
    return described !== undefined && described.partitions.reduce((sum, { end }) => sum + Number(end), 0) >= appended.total;
  };
  await until(published, { what: 'all events to be published', timeoutMs: 1_800_000, everyMs: 200 });
  await daemon.stop();
  const found = new Follower(topic);
  for await (const { value } of publishedForSqlite3(daemon.dataFolder, [topic])) {
    const { aggregateId, version } = JSON.parse(value!) as PublishedEvent;
    found.see(aggregateId, version);
  }
  found.assertAll(appended);
  const seconds = appended.elapsedMs / 1000;
  context.diagnostic(
    `${appended.total} appends, ${appended.held} held, ${seconds.toFixed(1)} s, ${Math.round(appended.total / seconds)}/s`,
  );
});
