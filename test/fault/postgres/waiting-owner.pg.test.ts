import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresConnector } from '../../../connectors/postgres/plugin.ts';
import type { RawConfig, Source, SourceBatch } from '../../../src/contract/index.ts';
import { startPostgres } from '../../services/postgres.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { noInternalTopics } from '../../support/no-internal-topics.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

/** A source that is read in the background. */
class Reading implements AsyncDisposable {
  readonly source: Source;
  readonly abort = new AbortController();
  readonly batches: SourceBatch[] = [];
  readonly #done: Promise<void>;

  constructor(raw: RawConfig) {
    const { config } = postgresConnector.spec.parse(raw);
    assert.ok(config);
    this.source = postgresConnector.create(config, { connector: 'test', task: 0, logger: silentLogger, clock });
    this.#done = this.#read();
  }

  async #read(): Promise<void> {
    for await (const batch of this.source.read([], this.abort.signal, noInternalTopics)) {
      this.batches.push(batch);
      this.source.commit(batch.offsets);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort.abort();
    await this.#done;
    await this.source[Symbol.asyncDispose]();
  }
}

// A fenced task finds out with its next append. On a server where nothing happens it would have none, and hold the slot for ever.
test('who waits for a slot gives its reader something to append, also where the server’s log stands still', {
  timeout: 180_000,
}, async () => {
  // A server of its own: the changes of others would move the log. No one else writes to it, not even to tidy up.
  await using server = await startPostgres({ version: 18, settings: { autovacuum: 'off' } });
  await using database = await freshDatabase(server);
  await database.run('create table quiet (id int primary key)');
  const config = {
    'topic.prefix': 'srv',
    ...databaseOptions(database.url),
    'slot.name': `slot_${database.name}`,
    'slot.retry.delay.ms': '100',
    'slot.max.retries': '1000',
    'snapshot.mode': 'no_data',
  };
  const position = 'select confirmed_flush_lsn = pg_current_wal_insert_lsn() as there from pg_replication_slots where slot_name = $1';
  await using former = new Reading(config);
  await until(() => former.source.status().phase === 'streaming', { what: 'the first to stream' });
  await until(async () => (await database.client.query(position, [config['slot.name']])).rows[0]?.there, {
    what: 'the slot to be at the end of the log',
  });
  const transactions = async () =>
    (await database.client.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next')).rows[0]?.next;
  const [before, next] = [former.batches.length, await transactions()];
  await using later = new Reading(config);
  await until(() => later.source.status().retry?.error.code === 'SLOT_IN_USE', { what: 'the later one to wait' });
  // The server's own doings, which also move its log now and then, take no transaction's number.
  await until(async () => (await transactions()) !== next, { what: 'the later one to move the log' });
  await until(() => former.batches.length > before, { what: 'something to append', timeoutMs: 60_000 });
  assert.equal(former.batches.at(-1)?.records.length, 0, 'a position, and no record');
  await former[Symbol.asyncDispose]();
  await until(() => later.source.status().phase === 'streaming', { what: 'the later one to stream' });
});
