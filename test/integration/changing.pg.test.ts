import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { PostgresAddress } from '../services/postgres.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { streaming } from '../support/connector-progress.ts';
import { startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

function connector(
  server: PostgresAddress,
  { name: database }: FreshDatabase,
  changes: Record<string, string> = {},
): Record<string, string> {
  return {
    name: 'shop',
    'connector.class': 'postgres',
    'plugin.name': 'pgoutput',
    'topic.prefix': 'shop',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password || 'x',
    'database.dbname': database,
    'slot.name': database,
    'publication.name': database,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.orders',
    'status.update.interval.ms': '100',
    ...changes,
  };
}

const tables = 'create table orders (id int primary key); create table items (id int primary key); insert into orders values (1)';

/** Written whole, as a deployment does it. */
function put(file: string, config: object | string): void {
  writeFileSync(`${file}.new`, typeof config === 'string' ? config : JSON.stringify(config));
  renameSync(`${file}.new`, file);
}

describe('connector files that change', () => {
  test('sluice plan shows what sluice apply does, with exit codes for scripts', { timeout: 180_000 }, async () => {
    const server = await sharedPostgres(18);
    await using database = await freshDatabase(server);
    await database.run(tables);
    using folder = new ScratchFolder('changing');
    const file = folder.file('shop.yaml');
    await using daemon = await startDaemon({ connectors: join(folder.path, '*.yaml') });
    const rest = new ConnectClient(daemon.url);
    const sluice = (...args: string[]) => runCommand([...args, '-u', daemon.url]);
    assert.equal((await sluice('plan')).code, 0);

    put(file, connector(server, database));
    const made = await sluice('plan');
    assert.equal(made.code, 2, made.err);
    assert.match(made.out, /\+ shop is made.*snapshot +public\.orders: read in full\n.*topic +\+ shop\.public\.orders/s);
    assert.equal((await sluice('apply')).code, 1, 'nobody is there to be asked');
    assert.deepEqual(await rest.call('GET', '/connectors'), []);
    const declined = await runCommand(['apply', '-u', daemon.url], ['n']);
    assert.deepEqual([declined.code, declined.out.match(/Apply this change\? \[y\/N\] Nothing was applied/)?.length], [1, 1]);
    assert.deepEqual(await rest.call('GET', '/connectors'), []);
    const applied = await runCommand(['apply', '-u', daemon.url], ['y']);
    assert.equal(applied.code, 0, applied.out + applied.err);
    assert.match(applied.out, /shop: made, RUNNING/);
    await until(async () => JSON.stringify(await rest.call('GET', '/connectors/shop/offsets')).includes('lsn'), {
      what: 'an offset',
      timeoutMs: 60_000,
    });
    await streaming(daemon, 'shop');
    assert.deepEqual([(await sluice('plan')).code, (await sluice('plan', folder.path)).code], [0, 0]);

    put(file, connector(server, database, { 'table.include.list': 'public.orders,public.items', 'tombstones.on.delete': 'false' }));
    const changed = await sluice('plan', file);
    assert.equal(changed.code, 2, changed.err);
    assert.match(changed.out, /~ shop is changed; its tasks start anew/);
    assert.match(changed.out, /table\.include\.list: public\.orders -> public\.orders,public\.items/);
    assert.match(changed.out, /position +kept/);
    assert.match(changed.out, /snapshot +public\.items: read in full, beside the stream/);
    assert.match(changed.out, /topic +\+ shop\.public\.items/);
    assert.match(changed.out, /records .*by tombstones\.on\.delete/);
    assert.equal((await sluice('apply', file, '--yes')).code, 0);
    // Before it streams again, the table is not in the publication.
    await streaming(daemon, 'shop');
    await database.run('insert into items values (7)');
    await until(async () => (await rest.topics('shop')).includes('shop.public.items'), { what: 'the table’s changes', timeoutMs: 60_000 });

    put(file, connector(server, database, { 'slot.name': `${database.name}_2` }));
    const losing = await sluice('plan');
    assert.match(losing.out, /position +LOST by slot\.name: it begins anew, with a snapshot/);
    assert.match(losing.out, /tables +- public\.items: not read any more/);
    const refused = await sluice('apply', '--yes');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /shop would lose the position it has.*--lose-position/s);
    assert.equal((await rest.call<Record<string, string>>('GET', '/connectors/shop/config'))['slot.name'], database.name);
    const anew = await sluice('apply', '--yes', '--lose-position');
    assert.equal(anew.code, 0, anew.out + anew.err);
    await streaming(daemon, 'shop');

    put(file, connector(server, database, { 'snapshot.mode': 'intial' }));
    const faulty = await sluice('plan');
    assert.equal(faulty.code, 1);
    assert.match(faulty.out, /fault +snapshot\.mode: .*did you mean "initial"/);
    assert.equal((await sluice('apply', '--yes')).code, 1);
    assert.equal((await sluice('plan', '--nonsense')).code, 1, 'called wrongly is no change');
  });

  test('files that are watched are followed, and what is wrong in them stops nothing', { timeout: 180_000 }, async () => {
    const server = await sharedPostgres(18);
    await using database = await freshDatabase(server);
    await database.run(tables);
    using folder = new ScratchFolder('watched');
    const file = folder.file('shop.yaml');
    await using daemon = await startDaemon({ connectors: join(folder.path, '*.yaml'), 'connectors.watch': 'true' });
    const rest = new ConnectClient(daemon.url);
    const config = () => rest.call<Record<string, string>>('GET', '/connectors/shop/config').catch(() => null);
    const told = (text: RegExp) => until(() => text.test(daemon.log(200)), { what: `the daemon to say ${text}`, timeoutMs: 60_000 });

    put(file, connector(server, database));
    await until(config, { what: 'the connector to be made', timeoutMs: 60_000 });
    await rest.running('shop');
    put(file, 'name: shop\nconnector.class: [');
    await told(/cannot be read; what it held stays as it runs/);
    put(file, connector(server, database, { 'snapshot.mode': 'intial' }));
    await told(/What the file says of connector shop is not applied/);
    assert.equal((await rest.assertNotFailed('shop'))?.tasks[0]?.state, 'RUNNING');
    put(file, connector(server, database, { 'table.include.list': 'public.orders,public.items' }));
    await until(async () => (await config())?.['table.include.list'] === 'public.orders,public.items', {
      what: 'the change',
      timeoutMs: 60_000,
    });
    await rest.running('shop');
  });
});
