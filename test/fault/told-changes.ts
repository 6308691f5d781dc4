import assert from 'node:assert/strict';
import type { Daemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';
import { publishedForSqlite3 } from './strangers.ts';

/** A change of a small table, told so shortly that what is missing or doubled is seen at once. */
export type ToldChange = {
  /** Its operation and its row's id: `c7`. */
  readonly name: string;
  readonly key: unknown;
  readonly after: unknown;
};

type Envelope = { readonly op?: string; readonly before?: unknown; readonly after?: unknown };

/** What a record's row is called by: its column `id`; of a document, whose content is text, the key's. */
function idOf({ before, after }: Envelope, key: unknown): unknown {
  const row = after ?? before;
  return ((typeof row === 'object' && row !== null ? row : key) as { readonly id: unknown }).id;
}

/** The changes in a topic of a daemon's embedded log, in its order and without tombstones, read with the stock sqlite3 command. */
export async function toldChanges({ dataFolder }: Daemon, topic: string): Promise<readonly ToldChange[]> {
  const told: ToldChange[] = [];
  for await (const { key: keyText, value } of publishedForSqlite3(dataFolder, [topic])) {
    if (value === null) continue;
    const [key, envelope] = [JSON.parse(keyText) as unknown, JSON.parse(value) as Envelope];
    assert.ok(envelope.op !== undefined, `${topic} holds envelopes`);
    told.push({ name: `${envelope.op}${idOf(envelope, key)}`, key, after: envelope.after });
  }
  return told;
}

/** Waits until a topic holds so many changes, and gives their names. */
export async function untilTold(daemon: Daemon, topic: string, atLeast: number): Promise<readonly string[]> {
  let found: readonly string[] = [];
  const enough = async () => {
    found = (await toldChanges(daemon, topic)).map(({ name }) => name);
    return found.length >= atLeast;
  };
  await until(enough, { what: `${atLeast} changes in ${topic}`, timeoutMs: 60_000, everyMs: 50 }).catch(error => {
    throw new Error(`${(error as Error).message}: ${found.join(' ')}\n${daemon.log()}`);
  });
  return found;
}

/** Waits until a topic holds exactly these changes. */
export async function untilHolds(daemon: Daemon, topic: string, changes: readonly string[]): Promise<void> {
  assert.deepEqual(await untilTold(daemon, topic, changes.length), changes);
}
