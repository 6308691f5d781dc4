// A process of its own that looks at targets as their readers do, and notes when each update had come there.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { watchAcknowledgements } from './acknowledgements.ts';
import { monotonicMs, type ObservedSink, type ObserverMessage, type ObserverTask } from './messages.ts';
import { Seen } from './seen.ts';

/** Between two looks into a file. */
const lookEveryMs = 1;
/** Updates may be committed in another order than that of their numbers, but not by more. */
const disorderMax = 2_000;

const send = (message: ObserverMessage) => new Promise<void>(resolve => process.send?.(message, () => resolve()));

/** A notification comes when the transaction that sent it is visible. */
async function watchTables(url: string, tables: ObserverTask['tables'], seen: ReadonlyMap<ObservedSink, Seen>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on('notification', ({ payload = '' }) => {
    const nowMs = monotonicMs();
    const [table = '', number] = payload.split(':');
    const sink = tables[table];
    if (sink !== undefined) seen.get(sink)?.add(Number(number), nowMs);
  });
  await client.query('listen seen');
}

/** The server tells of each key that is set; which update that was, the row says. */
async function watchKeys({ host, port }: ObserverTask['redis'], prefix: string, seen: Seen): Promise<void> {
  const [told, asked] = [new Redis(port, host, { protocol: 2 }), new Redis(port, host, { enableAutoPipelining: true, protocol: 2 })];
  const channel = '__keyspace@0__:';
  told.on('pmessage', (_pattern, name: string) => {
    const nowMs = monotonicMs();
    void asked.get(name.slice(channel.length)).then(text => {
      const digits = /"customer_id":(\d+)/.exec(text ?? '')?.[1];
      if (digits !== undefined) seen.add(Number(digits), nowMs);
    });
  });
  await told.psubscribe(`${channel}${prefix}*`);
}

/** Looks whether somebody has committed, and if so at the newest rows. */
async function watchFile(file: string, table: string, seen: Seen): Promise<void> {
  while (!existsSync(file)) await delay(10);
  using database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  const version = database.prepare('pragma data_version');
  let newest = -1;
  let last: unknown = null;
  while (seen.missing > 0) {
    const found = version.get()?.['data_version'];
    if (found !== last) {
      last = found;
      for (const number of newerThan(database, table, newest - disorderMax)) {
        seen.add(number, monotonicMs());
        newest = Math.max(newest, number);
      }
    }
    await delay(lookEveryMs);
  }
}

function newerThan(database: DatabaseSync, table: string, number: number): number[] {
  try {
    const rows = database.prepare(`select customer_id from ${table} where customer_id > ?`).all(Math.max(-1, number));
    return rows.map(row => Number(row['customer_id']));
  } catch {
    // The table has not been made.
    return [];
  }
}

process.once('message', async (task: ObserverTask) => {
  const seen = new Map(task.sinks.map(sink => [sink, new Seen(task.count)]));
  const [redis, file, search] = [seen.get('redis'), seen.get('views-sqlite'), seen.get('elasticsearch')];
  await watchTables(task.postgresUrl, task.tables, seen);
  if (redis) await watchKeys(task.redis, task.redisPrefix, redis);
  if (file) void watchFile(task.sqliteFile, task.sqliteTable, file);
  const port = search ? await watchAcknowledgements(task.elasticsearchUrl, search) : 0;
  await send({ kind: 'watching', port });
  await Promise.all(Array.from(seen.values(), ({ complete }) => complete.promise));
  const seenMs = Object.fromEntries(Array.from(seen, ([sink, { times }]) => [sink, times]));
  await send({ kind: 'seen', seenMs });
});
