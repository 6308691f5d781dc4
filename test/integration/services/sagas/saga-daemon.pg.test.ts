import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { InstanceList, ShownInstance } from '../../../../src/services/sagas/runtime/saga-views.ts';
import { runCommand } from '../../../support/command-line-run.ts';
import { newDaemon } from '../../../support/daemon.ts';
import { connectTo, freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const root = new URL('../../../..', import.meta.url).pathname;
const saga = 'order-processing';
const page = readFileSync(`${root}docs/sagas.md`, 'utf8');
const section = page.slice(page.indexOf('### Kept in PostgreSQL'));
const blockOf = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(section)![1]!;

type Health = {
  readonly retrying: { readonly reason: string } | null;
  readonly health: { readonly store: string; readonly publication: Readonly<Record<string, unknown>> } | null;
};

test('the worker of docs/sagas.md that keeps its sagas in PostgreSQL: begun before its database is there, and killed in the middle', {
  timeout: 300_000,
}, async () => {
  using folder = new ScratchFolder('order-saga');
  const server = await sharedPostgres(18);
  const name = `sagas_${randomBytes(4).toString('hex')}`;
  const { hostname, port, username, password } = new URL(server.url);
  const { sagas } = (parse(blockOf('yaml')) as { services: { sagas: Readonly<Record<string, string>> } }).services;
  assert.equal(sagas['store'], 'postgres');
  const inFile = {
    ...sagas,
    definitions: `${root}config/examples/order-saga/sagas/*.yaml`,
    'database.hostname': hostname,
    'database.port': port,
    'database.dbname': name,
    'database.user': decodeURIComponent(username),
    'database.password': '${env:SAGAS_PASSWORD}',
  };
  await using resources = new AsyncDisposableStack();
  const daemon = await newDaemon(
    {
      'data.dir': folder.file('log'),
      'key.converter': 'string',
      'value.converter': 'json',
      'value.converter.schemas.enable': 'false',
      'services.event-store.topic.per.type': 'true',
      connectors: `${root}config/examples/order-saga/services/*.yaml`,
      ...Object.fromEntries(Object.entries(inFile).map(([option, value]) => [`services.sagas.${option}`, value])),
    },
    { SAGAS_PASSWORD: decodeURIComponent(password) || 'unused', DATA_FOLDER: folder.path },
  );
  daemon.workingFolder = root;
  const get = async <Answer>(path: string): Promise<Answer | null> => {
    try {
      const response = await fetch(daemon.url + path);
      return response.ok ? ((await response.json()) as Answer) : null;
    } catch {
      return null;
    }
  };
  const place = (orderId: string, quantity: number) => {
    const data = { orderId, customerId: 'c-1', amountCents: 100 * quantity, items: [{ sku: 'tea', quantity }] };
    return until(
      async () => {
        try {
          const response = await fetch(`${daemon.url}/event-store/streams/order:${orderId}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ events: [{ id: `placed-${orderId}`, type: 'OrderCreated', data }] }),
          });
          return response.ok;
        } catch {
          return false;
        }
      },
      { what: `order ${orderId} to be placed`, timeoutMs: 60_000 },
    );
  };
  await daemon.start();
  const failed = await until(async () => (await get<Health>('/sluice/services/sagas'))?.retrying?.reason, {
    what: 'the service to miss its database',
    timeoutMs: 60_000,
  });
  assert.match(failed, /The sagas in schema sluice_sagas cannot be reached/);
  // Its slot is let go before the database.
  const database = await freshDatabase(server, name);
  resources.defer(async () => {
    await daemon[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  for (let index = 0; index < 6; index++) await place(`o-${index}`, 1);
  await until(async () => ((await get<InstanceList>(`/sagas/${saga}/instances`))?.total ?? 0) > 0, {
    what: `the first saga to begin. ${daemon.log(5)}`,
    timeoutMs: 60_000,
  });
  await daemon.stop('SIGKILL');
  await daemon.start();
  await place('too-much', 5_000);
  const all = await until(
    async () => {
      const list = await get<InstanceList>(`/sagas/${saga}/instances`);
      return list?.instances.length === 7 && list.instances.every(({ ended }) => ended !== null) ? list : null;
    },
    { what: 'every order to end', timeoutMs: 120_000 },
  ).catch(async (error: unknown) => {
    const instances = JSON.stringify(await get(`/sagas/${saga}/instances`));
    throw new Error(`${(error as Error).message}\n${instances}\n${daemon.log()}`);
  });
  assert.ok(all.instances.some(({ state }) => state === 'completed'));
  const shown = await get<ShownInstance>(`/sagas/${saga}/instances/too-much`);
  assert.equal(shown?.state, 'compensated');

  await using client = await connectTo(database.url);
  const { rows } = await client.query<{ reason: string }>(blockOf('sql').replace("'o-1'", "'too-much'"));
  assert.deepEqual(
    rows.map(({ reason }) => reason),
    shown.timeline.map(({ reason }) => reason),
  );
  const health = (await get<Health>('/sluice/services/sagas'))?.health;
  assert.equal(health?.store, 'postgres');
  assert.deepEqual(health.publication, { 'saga-publication': ['RUNNING', 'RUNNING'] });
  const listed = await runCommand(['saga', 'list', '--url', daemon.url]);
  assert.match(listed.out, /^order-processing {2}running {2}.*\d+ completed/m, listed.err);
  assert.match(
    await (await fetch(`${daemon.url}/metrics`)).text(),
    /^sluice_saga_instances\{saga="order-processing",state="compensated"\} [1-7]$/m,
  );
});
