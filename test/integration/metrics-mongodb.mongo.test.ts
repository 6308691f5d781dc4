import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectClient } from '../support/connect-client.ts';
import { startDaemon } from '../support/daemon.ts';
import { freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { scrape, untilMetric } from '../support/scraped.ts';
import { sharedMongodb } from '../support/servers.ts';

/** On SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
test('events are counted, the oplog’s window is told, and a stopped connector falls behind', async () => {
  await using daemon = await startDaemon({ 'metrics.database.interval.ms': '500' });
  await using database = await freshMongoDatabase(await sharedMongodb());
  const rest = new ConnectClient(daemon.url);
  const { url } = daemon;
  const connector = 'documents';
  const items = database.db.collection<{ _id: number; v?: number }>('items');
  await items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  await rest.putConfig(connector, { ...database.config(), 'capture.mode': 'change_streams_update_full' });
  const events = (operation: string, wanted: number) =>
    untilMetric(url, 'sluice_source_events_total', { connector, table: `${database.name}.items`, operation }, value => value === wanted);
  await events('r', 3);
  await items.insertMany([{ _id: 4 }, { _id: 5 }]);
  await items.updateOne({ _id: 4 }, { $set: { v: 1 } });
  await items.deleteOne({ _id: 5 });
  await events('d', 1);
  await events('c', 2);
  await events('u', 1);
  await untilMetric(url, 'sluice_source_commit_to_log_seconds_count', { connector }, value => value >= 1);
  await rest.stop(connector);
  const seconds = await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, () => true);
  await items.insertOne({ _id: 6 });
  await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, value => value > seconds + 2);
  await untilMetric(url, 'sluice_database_log_window_seconds', { connector }, value => value >= 0);
  const behind = await scrape(url);
  const [window, headroom] = ['window', 'headroom'].map(of => behind.value(`sluice_database_log_${of}_seconds`, { connector })!);
  assert.ok(headroom! >= 0 && headroom! <= window!, `${headroom} s of ${window} s lie before its place`);
  assert.equal(behind.value('sluice_connector_measure_failures_total', { connector }), 0);
  await rest.resume(connector);
  await events('c', 1);
  await rest.delete(connector);
});
