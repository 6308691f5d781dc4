import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { merge } from '../../../../connectors/debezium/merge.ts';

async function* numbers(...values: readonly number[]): AsyncGenerator<number> {
  yield* values;
}

test('brings what each generator answers, in its order', async () => {
  const merged: number[] = [];
  for await (const value of merge([numbers(1, 2, 3), numbers(), numbers(10, 20)])) merged.push(value);
  assert.deepEqual(
    merged.filter(value => value < 10),
    [1, 2, 3],
  );
  assert.deepEqual(
    merged.filter(value => value >= 10),
    [10, 20],
  );
});

test('one that fails while the consumer is busy fails the next step, and nothing before it', async () => {
  const failed = Promise.withResolvers<never>();
  let returned = false;
  async function* lasting(): AsyncGenerator<number> {
    try {
      for (let value = 0; ; value++) yield value;
    } finally {
      returned = true;
    }
  }
  async function* failing(): AsyncGenerator<number> {
    yield 10;
    yield await failed.promise;
  }
  const merged = merge([failing(), lasting()]);
  assert.equal((await merged.next()).value, 10);
  failed.reject(new Error('the connection is lost'));
  await setImmediate(); // a rejection nobody minds would end the process here
  await assert.rejects(async () => {
    for await (const _ of merged);
  }, /the connection is lost/);
  assert.equal(returned, true, 'the other one is ended');
});
