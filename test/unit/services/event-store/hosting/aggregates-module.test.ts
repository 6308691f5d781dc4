import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { loadAggregates } from '../../../../../src/services/event-store/hosting/aggregates-module.ts';
import { ScratchFolder } from '../../../../support/scratch-folder.ts';

describe('a module of aggregates', () => {
  test('is TypeScript, and is loaded anew when it has changed', async () => {
    using folder = new ScratchFolder('aggregates');
    const file = folder.file('aggregates.ts');
    writeFileSync(
      file,
      `type State = { total: number };
       export default {
         order: { initial: (): State => ({ total: 0 }), evolve: (state: State): State => ({ total: state.total + 1 }), snapshotEvery: 10 },
       };
       export const upcasters = { OrderCreated: { 1: (data: unknown) => data } };`,
    );
    const first = await loadAggregates(file);
    assert.deepEqual([...first.aggregates.keys()], ['order']);
    assert.deepEqual(first.aggregates.get('order')?.initial(), { total: 0 });
    assert.deepEqual(Object.keys(first.upcasters), ['OrderCreated']);
    writeFileSync(file, 'export default { cart: { initial: () => 1, evolve: (state) => state } };');
    assert.deepEqual([...(await loadAggregates(file)).aggregates.keys()], ['cart']);
  });

  const wrong: [what: string, text: string, message: RegExp][] = [
    ['a syntax error', 'export default {', /aggregates\.ts/],
    ['nothing', 'export const order = 1;', /its default export is no object/],
    ['an empty export', 'export default {};', /its default export has no aggregate/],
    ['an aggregate that is none', 'export default { order: 3 };', /default\['order'\] is no object with 'initial' and 'evolve'/],
    ['a missing function', 'export default { order: { initial: () => 0 } };', /default\['order'\]\.evolve is missing/],
    ['a function that is none', 'export default { order: { initial: 0, evolve: () => 0 } };', /default\['order'\]\.initial is no function/],
    [
      'a misspelt field',
      'export default { order: { initial: () => 0, evolve: () => 0, snapshotEvry: 3 } };',
      /has no 'snapshotEvry'; did you mean 'snapshotEvery'\?/,
    ],
    [
      'a wrong number',
      'export default { order: { initial: () => 0, evolve: () => 0, snapshotEvery: -1 } };',
      /snapshotEvery is no whole number/,
    ],
    [
      'wrong upcasters',
      'export default { order: { initial: () => 0, evolve: () => 0 } }; export const upcasters = { OrderCreated: { 1: 2 } };',
      /upcasters\['OrderCreated'\]\[1\] is no function/,
    ],
  ];
  for (const [what, text, message] of wrong)
    test(`is refused with ${what}`, async () => {
      using folder = new ScratchFolder('aggregates');
      writeFileSync(folder.file('aggregates.ts'), text);
      await assert.rejects(loadAggregates(folder.file('aggregates.ts')), (error: Error) => {
        assert.match(error.message, /^services\.event-store\.aggregates: /);
        assert.match(error.message, message);
        return true;
      });
    });

  test('that is not there is told of', async () => {
    await assert.rejects(loadAggregates('/nowhere/aggregates.ts'), /there is no file \/nowhere\/aggregates\.ts/);
  });
});
