import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type LogWriter, SluiceError } from '../../../src/contract/index.ts';
import { AppendPipeline, type Unit } from '../../../src/engine/source/append-pipeline.ts';

/** A log that answers when it is told to, and has room for four units. */
class SlowWriter implements LogWriter {
  readonly offsets = [];
  readonly #pending: { resolve(): void; reject(error: Error): void }[] = [];
  #wantRoom: (() => void)[] = [];

  get underWay(): number {
    return this.#pending.length;
  }

  append(): Promise<void> {
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  room(): Promise<void> | null {
    return this.#pending.length < 4 ? null : new Promise(resolve => this.#wantRoom.push(resolve));
  }

  answer(): void {
    this.#pending.shift()!.resolve();
    for (const resolve of this.#wantRoom.splice(0)) resolve();
  }

  refuse(error: Error): void {
    this.#pending.shift()!.reject(error);
    for (const resolve of this.#wantRoom.splice(0)) resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const unit = (bytes: number): Unit => ({ records: null, bytes, offsets: [], recordsByTopic: new Map(), committedAtMs: null });
const mebibyte = 1024 * 1024;

/** Offers units one after the other, as a task does; how many were taken so far. */
function offer(pipeline: AppendPipeline, units: readonly Unit[]): { taken: number; failure: unknown } {
  const offered = { taken: 0, failure: null as unknown };
  void (async () => {
    for (const each of units) {
      await pipeline.append(each);
      offered.taken++;
    }
  })().catch((error: unknown) => {
    offered.failure = error;
  });
  return offered;
}

test('a log that does not answer gets four units, and the task waits', async () => {
  const [writer, durable] = [new SlowWriter(), [] as Unit[]];
  const units = Array.from({ length: 10 }, () => unit(1000));
  const pipeline = new AppendPipeline(
    writer,
    done => durable.push(done),
    () => assert.fail('nothing failed'),
  );
  const offered = offer(pipeline, units);
  await turn();
  assert.equal(writer.underWay, 4);
  assert.equal(offered.taken, 4);
  writer.answer();
  await turn();
  assert.equal(writer.underWay, 4, 'one answered, one more sent');
  while (writer.underWay > 0) {
    writer.answer();
    await turn();
  }
  await pipeline.drain();
  assert.deepEqual(durable, units, 'each reported once, in order');
});

test('large units wait by their bytes', async () => {
  const writer = new SlowWriter();
  const pipeline = new AppendPipeline(
    writer,
    () => {},
    () => {},
  );
  offer(pipeline, [unit(20 * mebibyte), unit(20 * mebibyte), unit(1)]);
  await turn();
  assert.equal(writer.underWay, 2, '32 MiB are under way: no more is taken');
  writer.answer();
  await turn();
  assert.equal(writer.underWay, 2);
});

test('after a failure nothing more is sent or reported, and the task learns of it', async () => {
  const [writer, durable] = [new SlowWriter(), [] as Unit[]];
  let failures = 0;
  const pipeline = new AppendPipeline(
    writer,
    done => durable.push(done),
    () => failures++,
  );
  const offered = offer(pipeline, [unit(1), unit(2), unit(3), unit(4), unit(5), unit(6)]);
  await turn();
  writer.answer();
  writer.refuse(new SluiceError('FENCED', 'another owner'));
  await turn();
  const sent = writer.underWay;
  while (writer.underWay > 0) writer.answer();
  await turn();
  assert.equal(failures, 1);
  assert.ok(sent <= 3, `${sent} units under way after the failure`);
  assert.deepEqual(
    durable.map(({ bytes }) => bytes),
    [1],
    'what followed the failure is not reported, though the log took it',
  );
  assert.equal((offered.failure as SluiceError | null)?.code, 'FENCED');
  await assert.rejects(pipeline.drain(), { code: 'FENCED' });
});
