import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ConnectClient } from '../../support/connect-client.ts';
import { freshMongoDatabase } from '../../support/fresh-mongo-database.ts';
import { randomOf } from '../../support/random-changes.ts';
import { sharedMongodb } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { taskOf } from '../captured-task.ts';
import { type LogUnderFault, logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';

const connector = 'killed';
const strikeMsMax = 40;
/** More than one chunk, so that the snapshot is read in batches. */
const documents = 4_000;
const chunk = 250;

type Change = { readonly op: string; readonly after: string | null; readonly updateDescription: { readonly updatedFields: string } | null };

/** The version a record leaves its document with. */
function versionOf({ op, after, updateDescription }: Change): number {
  return (JSON.parse((op === 'u' ? updateDescription?.updatedFields : after) ?? '{}') as { v: number }).v;
}

/**
 * Kills the daemon at moments by chance under load, the first rounds in its snapshot, and follows each document through what it published:
 * read once, then each later version once and in order. (What changed while the snapshot was read may be in it and in the stream.)
 */
async function killAndFollow(t: TestContext, log: LogUnderFault, seed: number): Promise<void> {
  const random = randomOf(seed);
  // SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB.
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number; v: number }>('items');
  for (let from = 0; from < documents; from += 1_000)
    await items.insertMany(Array.from({ length: 1_000 }, (_, n) => ({ _id: from + n, v: 0 })));
  await using daemon = await log.newDaemon();
  await daemon.start();
  const rest = new ConnectClient(daemon.url);
  const prefix = `killed_${seed}`;
  const options = {
    'topic.prefix': prefix,
    'capture.mode': 'change_streams',
    'snapshot.fetch.size': String(chunk),
    // One collection, read in ranges of its ids.
    'snapshot.max.threads': '3',
    'max.batch.size': '50',
  };
  const json = { converter: 'org.apache.kafka.connect.json.JsonConverter', 'converter.schemas.enable': 'false' };
  const converters = Object.entries(json).flatMap(([name, value]) => [[`key.${name}`, value] as const, [`value.${name}`, value] as const]);
  const config = {
    ...options,
    ...Object.fromEntries(converters),
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
  };
  await rest.putConfig(connector, database.config(config));
  const versions = new Array<number>(documents).fill(0);
  const load = new AbortController();
  const writing = (async () => {
    while (!load.signal.aborted) {
      const _id = random(50);
      await items.updateOne({ _id }, { $set: { v: ++versions[_id]! } });
    }
  })();
  const killedIn: string[] = [];
  try {
    for (let round = 0; round < faultRounds; round++) {
      const inSnapshot = round * 2 < faultRounds;
      // Of the stream fewer: the stand-in gives some hundred changes a second. With many rounds the snapshot ends before half of them.
      const [enough, enoughStreamed] = [1 + random(1_500), 1 + random(100)];
      const task = await until(
        async () => {
          await rest.assertNotFailed(connector);
          const task = await taskOf(rest, connector);
          if (task?.phase === 'streaming') return task.records >= enoughStreamed && task;
          return inSnapshot && task !== undefined && task.records >= enough && task;
        },
        { what: `${enough} records, or ${enoughStreamed} of the stream`, timeoutMs: 60_000, everyMs: 2 },
      );
      await pause(random(strikeMsMax));
      await daemon.stop('SIGKILL');
      killedIn.push(`${task.phase} (${task.records})`);
      await daemon.start();
    }
  } finally {
    load.abort();
    await writing;
  }
  await items.updateOne({ _id: documents - 1 }, { $set: { v: ++versions[documents - 1]! } });
  const topic = `${prefix}.${database.name}.items`;
  await until(
    async () => {
      await rest.assertNotFailed(connector);
      if ((await taskOf(rest, connector))?.phase !== 'streaming') return false;
      const last = `{"id":"${documents - 1}"}`;
      for await (const { key, value } of log.published(daemon, [topic])) if (key === last && value?.includes('"op":"u"')) return true;
      return false;
    },
    { what: 'the last change', timeoutMs: 60_000, everyMs: 300 },
  );
  const published = new Map<string, Change[]>();
  for await (const { key, value } of log.published(daemon, [topic])) {
    const { id } = JSON.parse(key) as { id: string };
    published.set(id, [...(published.get(id) ?? []), JSON.parse(value!) as Change]);
  }
  assert.equal(published.size, documents);
  let changes = 0;
  for (const [id, records] of published) {
    assert.deepEqual(
      records.map(({ op }) => op),
      records.map((_, index) => (index === 0 ? 'r' : 'u')),
      `document ${id} is read once, and first`,
    );
    const [read = -1, ...later] = records.map(versionOf);
    changes += later.length;
    const first = later[0] ?? read + 1;
    assert.ok(first <= read + 1, `document ${id}: no version is missing behind the snapshot`);
    assert.deepEqual(
      later,
      later.map((_, index) => first + index),
      `document ${id}: each version once, in order`,
    );
    assert.equal(later.at(-1) ?? read, versions[Number(id)], `document ${id} ends as it is`);
  }
  t.diagnostic(`seed ${seed}: killed in ${killedIn.join(', ')}; ${documents} documents read, ${changes} changes`);
}

for (const { name, open } of logsUnderFault) {
  test(`kill -9 under load on MongoDB, ${name} log: seed ${faultSeed}`, { timeout: 240_000 + faultRounds * 30_000 }, async t => {
    await killAndFollow(t, await open(), faultSeed);
  });
}
