import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorStore } from '../../../src/contract/index.ts';
import { StatePublisher } from '../../../src/engine/supervisor/supervisor-store.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** A store that takes topics, but for the first ones. */
function failingOnce(): { readonly store: ConnectorStore; readonly taken: string[] } {
  const taken: string[] = [];
  let calls = 0;
  const unused = async () => assert.fail('nobody asks for this');
  const store: ConnectorStore = {
    list: unused,
    putConfig: unused,
    putTargetState: unused,
    remove: unused,
    offsets: unused,
    alterOffsets: unused,
    resetActiveTopics: unused,
    putStatus: unused,
    activeTopics: async () => [],
    async addActiveTopics(_name, topics) {
      if (++calls === 1) throw new Error('the log is not there');
      taken.push(...topics);
    },
  };
  return { store, taken };
}

test('topics that the log did not take are known all the same, and told again when records come', async () => {
  const { store, taken } = failingOnce();
  const publisher = new StatePublisher(store, silentLogger);
  await publisher.load('c');
  publisher.topics('c', ['t']);
  await publisher.drained();
  assert.deepEqual([taken, publisher.activeTopics('c')], [[], ['t']]);
  for (let unit = 0; unit < 3; unit++) {
    publisher.topics('c', ['t']);
    await publisher.drained();
  }
  assert.deepEqual(taken, ['t']);
  assert.deepEqual(publisher.activeTopics('c'), ['t']);
});
