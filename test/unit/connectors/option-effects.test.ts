import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OptionMap } from '../../../src/contract/index.ts';
import { registry } from '../../../src/registry.ts';

const sources = ['postgres', 'mysql', 'mariadb', 'mongodb'];

/** What is read, where it goes and what is in it: an option of these groups that only restarted a task would be told wrongly by a plan. */
const telling = /\.(?:include|exclude)\.list$|^topic\.(?:prefix|delimiter)$|\.handling\.mode$|^(?:decimal|time)\./;
/** These change what happens to what cannot be read, or how much of a snapshot is read: no more. */
const harmless = /failure\.handling\.mode$|oversize\.handling\.mode$|^inconsistent\.|^snapshot\./;

for (const name of sources)
  test(`${name}: every option that says what is read, and what is made of it, says so when it changes`, async () => {
    const plugin = await registry.load('source', name);
    const options: OptionMap = plugin.spec.options;
    const silent = Object.entries(options).flatMap(([option, { unsupported }]) =>
      unsupported === null && telling.test(option) && !harmless.test(option) && plugin.effectOf?.(option) === null ? [option] : [],
    );
    assert.deepEqual(silent, []);
    assert.equal(plugin.effectOf?.('topic.prefix'), 'position');
    assert.equal(plugin.effectOf?.('max.batch.size'), null);
  });

test('options with a variable part are told too', async () => {
  const { effectOf } = await registry.load('source', 'postgres');
  for (const option of [
    'column.mask.with.8.chars',
    'column.truncate.to.20.chars',
    'datatype.propagate.source.type',
    'column.propagate.source.type',
  ])
    assert.equal(effectOf?.(option), 'records');
});
