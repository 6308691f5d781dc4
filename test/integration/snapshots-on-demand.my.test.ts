import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceError } from '../../src/contract/index.ts';
import type { ShownSnapshot } from '../../src/engine/supervisor/supervisor-snapshots.ts';
import { embeddedReader } from '../conformance/embedded-reader.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { streaming } from '../support/connector-progress.ts';
import { startDaemon } from '../support/daemon.ts';
import { sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { rows, waitMsMax } from './incremental-run.ts';
import { itemsDatabase } from './mysql-incremental-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const path = '/connectors/shop/snapshots';
const json = 'org.apache.kafka.connect.json.JsonConverter';

test('kill -9 in a snapshot of MySQL that was asked for by REST: it goes on behind the last chunk, and the command follows it', {
  timeout: 180_000,
}, async () => {
  const server = await sharedMysql();
  await using database = await itemsDatabase(server);
  await using daemon = await startDaemon({});
  const rest = new ConnectClient(daemon.url);
  const put = async (options: Readonly<Record<string, string>>) => {
    await rest.putConfig('shop', {
      'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
      ...mysqlSourceOptions(server, database.name),
      'snapshot.mode': 'no_data',
      'incremental.snapshot.chunk.size': '100',
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
    const records = await embeddedReader(daemon.dataFolder).read([`srv.${database.name}.items`]);
    return records.map(({ value }) => (JSON.parse(Buffer.from(value ?? []).toString()) as { after: { id: number } }).after.id);
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
  await put({ 'incremental.snapshot.rows.per.second.max': '150' });
  await streaming(daemon, 'shop', waitMsMax);
  await rest.call('POST', path, { tables: [`${database.name}.items`] });
  await until(async () => (await readYet()) >= 300, { what: 'a few chunks in the log', timeoutMs: waitMsMax });
  await daemon.stop('SIGKILL');
  const written = (await reads()).length;
  assert.ok(written >= 300 && written < rows, `${written} rows were in the log`);
  await daemon.start();
  await put({});
  await until(async () => (await reads()).length === rows, { what: 'the rest of the table', timeoutMs: waitMsMax });
  await until(async () => (await look())?.state === 'finished', { what: 'the end', timeoutMs: waitMsMax });
  assert.equal(new Set(await reads()).size, rows, 'none twice');
  const { code, out } = await runCommand(['snapshot', 'shop', '-u', daemon.url]);
  assert.equal(code, 0);
  assert.match(out, /^finished, 3000 rows in 30 chunks/);
  const blocking = await runCommand([
    'snapshot',
    'shop',
    `${database.name}.items`,
    '--type',
    'blocking',
    '--where',
    'id <= 7',
    '-u',
    daemon.url,
  ]);
  assert.equal(blocking.code, 0, blocking.err);
  assert.match(blocking.out, /^finished, 7 rows/);
});
