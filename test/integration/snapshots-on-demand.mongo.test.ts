import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceError } from '../../src/contract/index.ts';
import type { ShownSnapshot } from '../../src/engine/supervisor/supervisor-snapshots.ts';
import { embeddedReader } from '../conformance/embedded-reader.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { streaming } from '../support/connector-progress.ts';
import { startDaemon } from '../support/daemon.ts';
import { sharedMongodb } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { waitMsMax } from './incremental-run.ts';
import { documents, itemsDatabase } from './mongodb-incremental-run.ts';

const path = '/connectors/shop/snapshots';
const json = 'org.apache.kafka.connect.json.JsonConverter';

/** On SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
test('kill -9 in a snapshot of MongoDB that was asked for by REST: it goes on behind the last chunk, and the command follows another', {
  timeout: 180_000,
}, async () => {
  await using database = await itemsDatabase(await sharedMongodb());
  await using daemon = await startDaemon({});
  const rest = new ConnectClient(daemon.url);
  const collection = `${database.name}.items`;
  const put = async (options: Readonly<Record<string, string>>) => {
    await rest.putConfig('shop', {
      ...database.config(),
      'snapshot.mode': 'no_data',
      'incremental.snapshot.chunk.size': '40',
      'key.converter': json,
      'value.converter': json,
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      ...options,
    });
    await rest.running('shop');
  };
  const look = async () => (await rest.call<{ readonly snapshot: ShownSnapshot | null }>('GET', path)).snapshot;
  const reads = async () => {
    const records = await embeddedReader(daemon.dataFolder).read([`srv.${collection}`]);
    return records.map(({ key }) => (JSON.parse(Buffer.from(key ?? []).toString()) as { id: string }).id);
  };
  const readYet = () =>
    reads().then(
      ({ length }) => length,
      (error: SluiceError) => {
        if (error.code === 'TOPIC_UNKNOWN') return 0;
        throw error;
      },
    );
  // Slow enough to be under way still after a pause of what looks on.
  await put({ 'incremental.snapshot.rows.per.second.max': '50' });
  await streaming(daemon, 'shop', waitMsMax);
  await rest.call('POST', path, { tables: [collection] });
  await until(async () => (await readYet()) >= 80, { what: 'a few chunks in the log', timeoutMs: waitMsMax });
  await daemon.stop('SIGKILL');
  const written = (await reads()).length;
  assert.ok(written >= 80 && written < documents, `${written} documents were in the log`);
  await daemon.start();
  await put({ 'incremental.snapshot.rows.per.second.max': '0' });
  await until(async () => (await reads()).length === documents, { what: 'the rest of the collection', timeoutMs: waitMsMax });
  assert.equal(new Set(await reads()).size, documents, 'none twice');
  await until(async () => (await look())?.state === 'finished', { what: 'the end', timeoutMs: waitMsMax });
  const { code, out } = await runCommand(['snapshot', 'shop', collection, '--where', '{"_id": {"$lte": 5}}', '-u', daemon.url]);
  assert.equal(code, 0);
  assert.match(out, /^finished, 5 rows in 1 chunk/);
  const blocking = await runCommand([
    'snapshot',
    'shop',
    collection,
    '--type',
    'blocking',
    '--where',
    '{"_id": {"$lte": 7}}',
    '-u',
    daemon.url,
  ]);
  assert.equal(blocking.code, 0, blocking.err);
  assert.match(blocking.out, /^finished, 7 rows/);
});
