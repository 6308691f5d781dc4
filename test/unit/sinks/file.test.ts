import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { fileSink } from '../../../sinks/file/sink.ts';
import { type RawConfig, type Sink, schemas } from '../../../src/contract/index.ts';
import { UserRecords } from '../../integration/sinks/redis-records.ts';
import { write } from '../../integration/sinks/redis-target.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';

function sinkOf(config: RawConfig): Sink {
  const parsed = fileSink.spec.parse(config);
  assert.ok(parsed.config, JSON.stringify(parsed.faults));
  return fileSink.create(parsed.config, { connector: 'file', task: 0, logger: silentLogger, clock: { nowMs: () => 0, nowNs: () => 0n } });
}

const never = new AbortController().signal;

test('text: a line a value, as Connect prints texts, numbers and tombstones; other values are refused', async () => {
  using folder = new ScratchFolder('file-sink');
  const file = folder.file('out.txt');
  const records = new UserRecords();
  const value = (of: string | number | bigint | boolean | null) => records.record(null, null, of, null);
  await using sink = sinkOf({ file });
  assert.deepEqual(
    (await sink.check(never)).map(({ status }) => status),
    ['ok'],
  );
  const { failed } = await write(sink, [value('a'), value(1), records.unwrapped({ id: 1, email: null, bio: null }), value(null)]);
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code]),
    [[2, 'RECORD_REFUSED']],
  );
  assert.equal(readFileSync(file, 'utf8'), 'a\n1\nnull\n');
  renameSync(file, folder.file('rotated'));
  await write(sink, [value(2n), value(true)]);
  assert.equal(readFileSync(file, 'utf8'), '2\ntrue\n');
});

test('json: a line a record; half a line of a crash gets an end', async () => {
  using folder = new ScratchFolder('file-sink');
  const file = folder.file('out.json');
  appendFileSync(file, '{"half');
  const records = new UserRecords();
  await using sink = sinkOf({ file, 'file.format': 'json' });
  await write(sink, [records.unwrapped({ id: 1, email: 'two\nlines', bio: null }), records.record('k', schemas.string, null, null)]);
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.equal(lines[0], '{"half');
  assert.equal(lines[3], '');
  const place = (offset: number) => ({
    id: `srv.public.users/0/${offset}`,
    topic: 'srv.public.users',
    partition: 0,
    offset,
    timestamp: null,
  });
  assert.deepEqual(
    lines.slice(1, 3).map(line => JSON.parse(line) as unknown),
    [
      { ...place(0), key: { id: 1 }, value: { id: 1, email: 'two\nlines', bio: null } },
      { ...place(1), key: 'k', value: null },
    ],
  );
});

test('a file that cannot be written is told of, by the check too', async () => {
  using folder = new ScratchFolder('file-sink');
  for (const file of [folder.path, folder.file('none', 'out')]) {
    await using sink = sinkOf({ file });
    assert.deepEqual(
      (await sink.check(never)).map(({ status, code }) => [status, code]),
      [['fault', 'TARGET_REFUSED']],
    );
    await assert.rejects(write(sink, [new UserRecords().record(null, null, 'a', null)]), { code: 'TARGET_REFUSED' });
  }
});
