import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { PostgresAddress } from '../../../test/services/postgres.ts';
import { logTail } from '../../../test/services/server-process.ts';
import { ProcessWatch } from '../../measuring/process-watch.ts';
import { tableOf } from '../jdbc/rows.ts';
import { serverMicros } from '../processor-time.ts';
import { type SinkSubject, sinkConfig } from './subjects.ts';

export type SinkFigures = {
  /** From the first rows that were seen in the table to the last. */
  readonly perSecond: number;
  readonly secondHalfPerSecond: number;
  /** Of the worker's processes, and of the database's, a row. */
  readonly workerMicros: number;
  readonly serverMicros: number;
  readonly peakMb: number;
};

const lookEveryMs = 20;
const msMax = 300_000;

type Look = { readonly atMs: number; readonly rows: number; readonly workerSeconds: number; readonly serverMicros: number };

/** One run of a subject with a worker of its own, into a table of its own. Rejects where the rows do not all come. */
export async function runSubject(
  subject: SinkSubject,
  kafka: string,
  server: PostgresAddress & { readonly pid: number },
  client: pg.Client,
  rows: number,
  run: number,
): Promise<SinkFigures> {
  const table = `orders_${run}`;
  await client.query(tableOf(table));
  await using worker = await subject.start(kafka);
  try {
    using watch = new ProcessWatch(worker.pid);
    const look = async (): Promise<Look> => {
      // The topic's ids rise by one, and its rows come in their order.
      const { rows: found } = await client.query<{ last: string | null }>(`select max(id) as last from ${table}`);
      const atMs = performance.now();
      return { atMs, rows: Number(found[0]!.last ?? -1) + 1, workerSeconds: watch.cpuSeconds, serverMicros: serverMicros(server.pid) };
    };
    const connector = table;
    await worker.rest.putConfig(connector, sinkConfig(subject, server, table));
    const startedMs = performance.now();
    let first: Look | null = null;
    let half: Look | null = null;
    let last = await look();
    while (last.rows < rows) {
      if (performance.now() - startedMs > msMax) throw new Error(`only ${last.rows} of ${rows} rows came within ${msMax / 1000} s`);
      await worker.rest.assertNotFailed(connector);
      await pause(lookEveryMs);
      last = await look();
      if (last.rows > 0) first ??= last;
      if (last.rows >= rows / 2) half ??= last;
    }
    if (first === null || half === null || first === last) throw new Error('the rows came too fast to be measured: give more of them');
    await compare(client, table, rows);
    const pace = (from: Look) => (last.rows - from.rows) / ((last.atMs - from.atMs) / 1000);
    const written = last.rows - first.rows;
    return {
      perSecond: pace(first),
      secondHalfPerSecond: pace(half),
      workerMicros: ((last.workerSeconds - first.workerSeconds) * 1e6) / written,
      serverMicros: (last.serverMicros - first.serverMicros) / written,
      peakMb: watch.peakBytes / 2 ** 20,
    };
  } catch (error) {
    throw new Error(`${subject.name}: ${(error as Error).message}\nThe end of the worker's log:\n${logTail(worker.logFile, 12)}`, {
      cause: error,
    });
  } finally {
    await client.query(`drop table ${table}`);
  }
}

/** Whether the table holds what the topic says. */
async function compare(client: pg.Client, table: string, rows: number): Promise<void> {
  const { rows: found } = await client.query<Record<string, string>>(
    `select count(*) as n, sum(id) as ids, sum(amount) as amounts, count(*) filter (where paid) as paid,
       count(*) filter (where email = 'customer' || id || '@example.com' and created = timestamp '2023-11-14 22:13:20' + id * interval '1 ms') as right
     from ${table}`,
  );
  const ids = (rows * (rows - 1)) / 2;
  const expected = {
    n: String(rows),
    ids: String(ids),
    amounts: (1234.56 * rows + ids).toFixed(2),
    paid: String(Math.ceil(rows / 2)),
    right: String(rows),
  };
  assert.deepEqual({ ...found[0] }, expected);
}
