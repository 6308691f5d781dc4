import { test } from 'node:test';
import { faultRounds } from '../../../fault/rounds.ts';
import { publishedForSqlite3 } from '../../../fault/strangers.ts';
import { startPostgres } from '../../../services/postgres.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { newPostgresEventStoreDaemon } from './hosted-postgres.ts';
import { killAndCompare, publishingPoints } from './killed-store.ts';

test('events of a daemon that is killed are published once, in the order of their streams, of a store in PostgreSQL', {
  timeout: 300_000 + 30_000 * faultRounds,
}, async t => {
  await using resources = new AsyncDisposableStack();
  // Its own: a transaction of somebody else's that is open on the server holds back what all streams together tell.
  const server = resources.use(await startPostgres({ version: 18 }));
  const { store, database } = await newPostgresEventStoreDaemon(server, { 'services.event-store.topic.per.type': 'true' });
  resources.use(await freshDatabase(server, database));
  resources.use(store);
  const events = await killAndCompare(store, {
    names: { topic: 'domain-events', prefix: 'Order' },
    rounds: faultRounds,
    published: topics => publishedForSqlite3(store.daemon.dataFolder, topics),
    order: 'streams',
    points: publishingPoints,
  });
  t.diagnostic(`${faultRounds} kills, ${events} events`);
});
