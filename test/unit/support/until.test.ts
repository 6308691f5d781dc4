import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';

test('gives the first truthy answer', async () => {
  const answers = [false, null, 'yes'];
  assert.equal(await until(() => answers.shift(), { what: 'an answer', everyMs: 1 }), 'yes');
});

test('names what it waited for and the last answer when the bound has passed', async () => {
  await assert.rejects(
    until(() => 0, { what: 'a number', timeoutMs: 5, everyMs: 1 }),
    /Waited 5 ms for a number; the last answer was 0/,
  );
});

test('what the condition throws ends the wait', async () => {
  await assert.rejects(
    until(
      () => {
        throw new Error('broken');
      },
      { what: 'nothing' },
    ),
    /broken/,
  );
});
