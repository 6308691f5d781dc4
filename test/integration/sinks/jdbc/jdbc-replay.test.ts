import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { SinkBatch, SinkRecord } from '../../../../src/contract/index.ts';
import { DrivenSink } from '../../../conformance/sink-suite/driven-sink.ts';
import { SuiteTopic } from '../../../conformance/sink-suite/index.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { jdbcSinkOf, upserts } from './jdbc-target.ts';

const never = new AbortController().signal;
const row = (id: number, amount: number) => ({ id, name: `row ${id}`, amount });

test('a replay of states writes what the live flow has applied and nothing has followed, and leaves the rest to it', async () => {
  using folder = new ScratchFolder('jdbc-replay');
  const config = { ...upserts, 'connection.url': `jdbc:sqlite:${folder.file('target.db')}` };
  const topic = new SuiteTopic('replayed', 'enveloped');
  await using task = await DrivenSink.assign(jdbcSinkOf(config), topic);
  await using beside = jdbcSinkOf(config);
  const amounts = () => {
    using database = new DatabaseSync(folder.file('target.db'), { readOnly: true });
    return Object.fromEntries(
      database
        .prepare('select id, amount from replayed order by id')
        .all()
        .map(found => [found['id'], found['amount']]),
    );
  };
  const damage = (sql: string) => {
    using database = new DatabaseSync(folder.file('target.db'));
    database.exec(sql);
  };
  /** What the sink asked for: by offset, up to which version. */
  let asked: readonly (readonly [offset: bigint, upTo: bigint])[] = [];
  const replay = (records: readonly SinkRecord[], late: readonly SinkRecord[]) => {
    const states: NonNullable<SinkBatch['states']> = {
      group: 'connect-suite',
      superseded: async about => {
        asked = about.map(({ record, upTo }) => [record.place.offset, upTo]);
        return new Set(about.flatMap(({ record }) => (late.includes(record) ? [record] : [])));
      },
    };
    return beside.write({ records, mode: 'replay', consumed: null, states }, never);
  };

  const first = [topic.upsert(row(1, 1)), topic.upsert(row(2, 1)), topic.upsert(row(3, 1))];
  await task.write(first);
  const changed = topic.upsert(row(2, 2), row(2, 1));
  await task.write([changed]);
  const ahead = topic.upsert(row(3, 9), row(3, 1));
  damage('update replayed set amount = 77 where id = 1; delete from replayed where id = 3');

  // The second has been followed by `changed`; the fourth, the live flow has not come to yet.
  const { failed } = await replay([...first, ahead], [first[1]!]);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    asked.map(([offset, upTo]) => [offset, upTo === changed.version]),
    [
      [0n, true],
      [1n, true],
      [2n, true],
    ],
  );
  assert.deepEqual(amounts(), { 1: 1, 2: 2, 3: 1 });

  // The live flow is held up by nothing that the replay has left behind.
  await task.write([ahead]);
  assert.deepEqual(amounts(), { 1: 1, 2: 2, 3: 9 });
  const gone = topic.delete(row(1, 1));
  await task.write([gone]);
  damage("insert into replayed (id, name, amount) values (1, 'back', 1)");
  await replay([gone, topic.tombstone(1)], []);
  assert.deepEqual(amounts(), { 2: 2, 3: 9 });
});
