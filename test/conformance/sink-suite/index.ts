import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Sink, type SinkRecord, SluiceError } from '../../../src/contract/index.ts';
import { readDeadLetter } from '../../../src/engine/sink/dead-letter.ts';
import { until } from '../../support/until.ts';
import { RunningSink, tolerant } from '../../unit/engine/running-sink.ts';
import { DrivenSink } from './driven-sink.ts';
import { randomChanges, seeded } from './model.ts';
import { type RecordForm, type SuiteRow, SuiteTopic } from './records.ts';

export { type RecordForm, type SuiteRow, SuiteTopic } from './records.ts';

/** What the suite needs of a sink that holds state. */
export type StatefulSink = {
  /** A new task on the target for the rows of one topic; several live at the same time, and the suite disposes of them. */
  make(topic: string): Promise<Sink>;
  /** What the target holds of the topic's rows now, by id. A reader of its own, not the sink's code; it waits for nothing. */
  state(topic: string): Promise<ReadonlyMap<number, SuiteRow>>;
  /** The forms it takes; left out: both. */
  readonly forms?: readonly RecordForm[];
  /** Takes the target away so that writes fail, and brings it back. Left out where that makes no sense, as with a local file. */
  readonly away?: { begin(): Promise<void>; end(): Promise<void> };
  /** A row that the target refuses for good, whatever is tried; left out where none is refused. */
  readonly refused?: (id: number) => SuiteRow;
  /** Lets the target forget what it keeps of deleted rows for a while only, as if that time had passed. */
  readonly forget?: () => Promise<void>;
  /** Whether its tasks do truncations; left out: they do not, and the suite does not ask for them. */
  readonly truncates?: true;
};

/** What of a record the target sees. */
function contentOf({ keySchema, key, valueSchema, value }: SinkRecord) {
  return { keySchema, key, valueSchema, value };
}

let topics = 0;

/** A topic no other test has used. */
function newTopic(form: RecordForm): SuiteTopic {
  return new SuiteTopic(`suite${process.pid}_${++topics}`, form);
}

const row = (id: number, amount: number): SuiteRow => ({ id, name: `row ${id}`, amount });

/**
 * States invariant 4 of a sink that holds state: a record written again, late, or from the start changes nothing that is newer, whatever
 * fails in between. Call it within a test file that has started the target; `name` is the sink's.
 */
export function sinkSuite(name: string, sink: StatefulSink): void {
  describe(`${name}: a write is idempotent by version`, () => {
    for (const form of sink.forms ?? (['enveloped', 'unwrapped'] as const)) describe(form, () => statements(sink, form));
  });
}

function statements(sink: StatefulSink, form: RecordForm): void {
  const start = async (topic: SuiteTopic) => DrivenSink.assign(await sink.make(topic.topic), topic);

  async function holds(topic: SuiteTopic, rows: readonly SuiteRow[], message: string): Promise<void> {
    const found = await sink.state(topic.topic);
    const sorted = (all: readonly SuiteRow[]) =>
      all.map(({ id, name, amount }) => ({ id, name: name ?? null, amount: amount ?? null })).sort((a, b) => a.id - b.id);
    assert.deepEqual(sorted([...found.values()]), sorted(rows), message);
  }

  test('creates, updates and deletes', async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    await task.write([topic.upsert(row(1, 1)), topic.upsert(row(2, 1)), topic.upsert(row(3, 1))]);
    await holds(topic, [row(1, 1), row(2, 1), row(3, 1)], 'created');
    await task.write([topic.upsert(row(2, 2), row(2, 1)), topic.delete(row(3, 1)), topic.tombstone(3)]);
    await holds(topic, [row(1, 1), row(2, 2)], 'updated and deleted');
  });

  test('a key several times in one batch ends as its last record says', async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    const records = [
      topic.upsert(row(1, 1)),
      topic.upsert(row(1, 2), row(1, 1)),
      topic.delete(row(1, 2)),
      topic.upsert(row(1, 3)),
      topic.upsert(row(2, 1)),
      topic.delete(row(2, 1)),
    ];
    await task.write(records);
    await holds(topic, [row(1, 3)], 'one row made again, one gone');
  });

  test('a batch that comes again, to the same task and to the next one, changes nothing', async () => {
    const topic = newTopic(form);
    const batches = [
      [topic.upsert(row(1, 1)), topic.upsert(row(2, 1))],
      [topic.upsert(row(1, 2), row(1, 1)), topic.delete(row(2, 1)), topic.upsert(row(3, 1))],
    ];
    {
      await using task = await start(topic);
      for (const batch of batches) await task.write(batch);
      for (const batch of batches) await task.write(batch);
      await holds(topic, [row(1, 2), row(3, 1)], 'the same task');
    }
    await using next = await start(topic);
    for (const batch of batches) await next.write(batch);
    await holds(topic, [row(1, 2), row(3, 1)], 'the next task');
  });

  test('a replay from the start never shows an older state', async () => {
    const topic = newTopic(form);
    const records = [topic.upsert(row(1, 1)), topic.upsert(row(1, 2), row(1, 1)), topic.upsert(row(2, 1)), topic.delete(row(2, 1))];
    await using task = await start(topic);
    await task.write(records);
    for (const record of records) {
      await task.replay([record]);
      await holds(topic, [row(1, 2)], `after the record at ${record.place.offset} came again`);
    }
  });

  test('a late record of a task that was replaced does not undo what its successor wrote', async () => {
    const topic = newTopic(form);
    await using former = await start(topic);
    await former.write([topic.upsert(row(1, 1))]);
    const late = topic.upsert(row(1, 2), row(1, 1));
    await using successor = await start(topic);
    await successor.write([late, topic.upsert(row(1, 3), row(1, 2))]);
    // A target that keeps offsets refuses the former owner; the others compare versions.
    await former.result([late]).catch(error => assert.ok(error instanceof SluiceError, String(error)));
    await holds(topic, [row(1, 3)], 'the newest stays');
  });

  test('a late older record does not bring back a deleted row', async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    const older = topic.upsert(row(1, 1));
    const newer = topic.upsert(row(1, 2), row(1, 1));
    await task.write([older, newer, topic.delete(row(1, 2)), topic.tombstone(1), topic.upsert(row(2, 1))]);
    await task.replay([older, newer]);
    await holds(topic, [row(2, 1)], 'the row stays deleted');
    await task.write([topic.upsert(row(1, 3))]);
    await holds(topic, [row(1, 3), row(2, 1)], 'a newer record makes the row again');
  });

  test('a topic that was made again is taken from its start, wherever the former one was', async () => {
    const topic = newTopic(form);
    {
      await using task = await start(topic);
      await task.write([topic.upsert(row(1, 1)), topic.upsert(row(2, 1)), topic.upsert(row(1, 2), row(1, 1))]);
    }
    topic.makeAgain();
    await using task = await start(topic);
    assert.equal(task.from, 0n);
    await task.write([topic.upsert(row(1, 10))]);
    await holds(topic, [row(1, 10), row(2, 1)], 'the first record of the new topic');
  });

  test('where the group’s offsets are set from outside, the target’s own no longer count', async () => {
    const topic = newTopic(form);
    const records = [topic.upsert(row(1, 1)), topic.upsert(row(1, 2), row(1, 1)), topic.upsert(row(2, 1))];
    {
      await using task = await start(topic);
      await task.write(records);
    }
    await DrivenSink.forgetOffsets(await sink.make(topic.topic), topic);
    await using task = await start(topic);
    assert.equal(task.from, 0n);
    for (const record of records) {
      await task.write([record]);
      await holds(topic, [row(1, 2), row(2, 1)], `nothing is undone by the record at ${record.place.offset}, which comes again`);
    }
  });

  test('a record of a topic that was made again wins, however small its offset', async () => {
    const topic = newTopic(form);
    const old = [topic.upsert(row(1, 1)), topic.upsert(row(2, 1)), topic.upsert(row(1, 2), row(1, 1))];
    await using task = await start(topic);
    await task.replay(old);
    topic.makeAgain();
    await task.replay([topic.upsert(row(1, 10))]);
    await task.replay(old);
    await holds(topic, [row(1, 10), row(2, 1)], 'the newer era');
  });

  test('random changes with tasks that end anywhere and go over what came before', async () => {
    for (const seed of [1, 2, 3]) {
      const topic = newTopic(form);
      const random = seeded(seed);
      const { rows, records } = randomChanges(topic, 120, random);
      let at = 0;
      while (at < records.length) {
        await using task = await start(topic);
        // A crash behind a write and before its commit: what was written comes again.
        at = Math.max(0, at - Math.floor(random() * 15));
        for (let batches = 1 + Math.floor(random() * 3); batches > 0 && at < records.length; batches--) {
          const end = Math.min(records.length, at + 1 + Math.floor(random() * 20));
          await task.write(records.slice(at, end));
          at = end;
        }
      }
      await holds(topic, [...rows.values()], `seed ${seed}`);
      await using again = await start(topic);
      await again.replay(records);
      await holds(topic, [...rows.values()], `seed ${seed}, replayed`);
    }
  });

  test('a task that is stopped in the middle of a write leaves nothing that the next one does not mend', async () => {
    const topic = newTopic(form);
    const records = Array.from({ length: 200 }, (_, index) => topic.upsert(row(index + 1, 1)));
    {
      await using task = await start(topic);
      const writing = task.result(records).catch(error => assert.ok(error instanceof SluiceError, String(error)));
      task.stop();
      await writing;
    }
    await using next = await start(topic);
    await next.write(records);
    await holds(
      topic,
      records.map((_, index) => row(index + 1, 1)),
      'all rows are there',
    );
  });

  const { away, refused, forget } = sink;
  const truncates = sink.truncates && form === 'enveloped';

  test('later records of a refused one’s key wait with it where that is asked for, those of its batch too; other keys go on', {
    skip: refused === undefined && 'no row is refused',
  }, async () => {
    const topic = newTopic(form);
    const records = [
      topic.upsert(row(1, 1)),
      topic.upsert(refused!(2)),
      topic.upsert(row(3, 1)),
      topic.upsert(row(2, 5)),
      topic.upsert(row(1, 2), row(1, 1)),
      topic.upsert(row(2, 6), row(2, 5)),
    ];
    const deadLetters = { topic: 'letters', replicationFactor: 1, contextHeaders: true, parksLater: true };
    await using task = await new RunningSink().start({
      sink: await sink.make(topic.topic),
      errors: { ...tolerant, deadLetters },
      // The log of this task holds places only.
      transform: record => ({ ...record, ...contentOf(records[Number((record as Partial<SinkRecord>).place!.offset)]!) }),
    });
    task.log.add(
      topic.topic,
      [1, 2, 3, 2, 1, 2].map(key => [String(key), 'row']),
    );
    task.consumer.assign([topic.topic]);
    task.consumer.deliver(topic.topic);
    await until(() => task.log.committed.get(topic.topic) === 6n, { what: 'all records to be dealt with', timeoutMs: 60_000 });
    await task.stop();
    assert.deepEqual(
      task.log.topics.get('letters')?.map(letter => readDeadLetter(letter)?.record.offset),
      [1n, 3n, 5n],
    );
    await holds(topic, [row(1, 2), row(3, 1)], 'nothing of the refused row’s key');
  });

  test('a truncation deletes what is older than it, in its batch and before, and nothing that is newer', {
    skip: !truncates && 'no truncations',
  }, async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    const former = [topic.upsert(row(1, 1)), topic.upsert(row(2, 1))];
    await task.write(former);
    const batch = [topic.upsert(row(3, 1)), topic.truncate(), topic.upsert(row(2, 2)), topic.upsert(row(4, 1))];
    await task.write(batch);
    await holds(topic, [row(2, 2), row(4, 1)], 'truncated in mid-batch');
    await task.write(batch);
    await holds(topic, [row(2, 2), row(4, 1)], 'delivered again');
    await forget?.();
    for (const record of [...former, ...batch]) {
      await task.replay([record]);
      await holds(topic, [row(2, 2), row(4, 1)], `after the record at ${record.place.offset} came again`);
    }
    await task.write([topic.truncate()]);
    await holds(topic, [], 'truncated once more');
    await forget?.();
    await using next = await start(topic);
    await next.replay([...former, ...batch]);
    await holds(topic, [], 'nothing comes back');
    await next.write([topic.upsert(row(1, 9))]);
    await holds(topic, [row(1, 9)], 'a newer row is made');
  });

  test('a target that is away: the write fails as what heals by itself, and the same batch goes through when it is back', {
    skip: away === undefined && 'the target cannot be away',
  }, async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    await task.write([topic.upsert(row(1, 1)), topic.upsert(row(2, 1))]);
    const batch = [topic.upsert(row(1, 2), row(1, 1)), topic.delete(row(2, 1)), topic.upsert(row(3, 1))];
    await away!.begin();
    try {
      await assert.rejects(task.result(batch), error => error instanceof SluiceError && error.retry === 'backoff');
    } finally {
      await away!.end();
    }
    await until(
      () =>
        task.write(batch).then(
          () => true,
          error => {
            if (error instanceof SluiceError && error.retry === 'backoff') return false;
            throw error;
          },
        ),
      { what: 'the target to take the batch again', timeoutMs: 60_000, everyMs: 100 },
    );
    await holds(topic, [row(1, 2), row(3, 1)], 'as if it had not been away');
  });

  test('a refused record among good ones fails alone', { skip: refused === undefined && 'the target refuses no record' }, async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    const batch = [topic.upsert(row(1, 1)), topic.upsert(refused!(2)), topic.upsert(row(3, 1)), topic.upsert(row(1, 2), row(1, 1))];
    for (const time of ['first', 'second']) {
      const { failed } = await task.result(batch);
      assert.deepEqual(
        failed.map(({ index, error }) => [index, error.retry]),
        [[1, 'record']],
        `the ${time} time`,
      );
    }
    await holds(topic, [row(1, 2), row(3, 1)], 'the good ones are durable');
  });

  test('a row stays deleted also when the target has forgotten that it ever was', {
    skip: forget === undefined && 'the target forgets nothing',
  }, async () => {
    const topic = newTopic(form);
    await using task = await start(topic);
    const older = topic.upsert(row(1, 1));
    await task.write([older, topic.delete(row(1, 1)), topic.upsert(row(2, 1))]);
    await forget!();
    await task.replay([older]);
    await holds(topic, [row(2, 1)], 'the row stays deleted');
  });
}
