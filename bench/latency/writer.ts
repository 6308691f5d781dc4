// A process of its own that commits updates at a steady rate. Open loop: an update is due at its time, whether or not earlier ones have been
// answered, so a slow moment is not left out.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { monotonicMs, type WriterMessage, type WriterTask } from './messages.ts';

/** Enough that no update waits for a connection while the disk is flushed. */
const connections = 24;

async function write({ url, table, rows, perSecond, count }: WriterTask): Promise<WriterMessage> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }));
  for (const client of clients) await client.connect();
  const [dueMs, committedMs] = [new Float64Array(count), new Float64Array(count)];
  const text = `update ${table} set customer_id = $1 where id = $2`;
  const update = (client: pg.Client, n: number) => client.query({ name: 'update', text, values: [n, (n % rows) + 1] });
  for (const client of clients) await update(client, 0);
  const idle = [...clients];
  const waiting: number[] = [];
  const commit = async (client: pg.Client, n: number): Promise<void> => {
    await update(client, n);
    committedMs[n] = monotonicMs();
    const next = waiting.shift();
    if (next === undefined) idle.push(client);
    else await commit(client, next);
  };
  const startMs = monotonicMs() + 10;
  const running: Promise<void>[] = [];
  for (let n = 0; n < count; ) {
    for (const nowMs = monotonicMs(); n < count && startMs + (n * 1000) / perSecond <= nowMs; n++) {
      dueMs[n] = startMs + (n * 1000) / perSecond;
      const client = idle.pop();
      if (client) running.push(commit(client, n));
      else waiting.push(n);
    }
    await delay(1);
  }
  await Promise.all(running);
  for (const client of clients) await client.end();
  return { kind: 'written', dueMs, committedMs };
}

process.once('message', async (task: WriterTask) => {
  const written = await write(task);
  process.send?.(written, () => process.disconnect());
});
