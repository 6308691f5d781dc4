import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DocumentHistory } from '../../support/document-history.ts';

type Step = readonly [op: 'r' | 'c' | 'u' | 'd', version?: number];

/** One document's records, as a JsonConverter writes them. */
function followed(steps: readonly Step[]): DocumentHistory {
  const history = new DocumentHistory();
  for (const [op, version] of steps) {
    const fields = version === undefined ? null : `{"v": ${version}}`;
    const update = op === 'u' ? { updatedFields: fields } : null;
    const value = JSON.stringify({ op, after: op === 'u' ? null : fields, updateDescription: update });
    history.apply({ topic: 't', key: '{"id":"1"}', value });
  }
  return history;
}

const faults = (...steps: readonly Step[]) => followed(steps).faults().length;

describe('DocumentHistory', () => {
  test('what a snapshot and a stream bring of a document', () => {
    assert.equal(faults(['r', 1], ['u', 2], ['d'], ['c', 3]), 0);
    assert.equal(faults(['c', 1], ['u', 2]), 0);
    assert.equal(faults(['r', 3], ['u', 2], ['u', 3], ['u', 4]), 0, 'the snapshot may have seen more than the stream begins with');
    assert.equal(faults(['u', 2], ['d']), 0, 'changed and deleted before the snapshot came to it');
    assert.deepEqual(
      followed([
        ['r', 1],
        ['u', 2],
      ]).documentsOf('t'),
      new Map([['1', 2]]),
    );
    assert.deepEqual(followed([['r', 1], ['d']]).documentsOf('t'), new Map());
  });

  test('what is missing, doubled or out of order is found', () => {
    assert.ok(faults(['r', 1], ['u', 3]) > 0, 'a change is missing behind the snapshot');
    assert.ok(faults(['r', 1], ['u', 2], ['u', 4]) > 0, 'a change is missing');
    assert.ok(faults(['r', 1], ['u', 2], ['u', 2]) > 0, 'a change is there twice');
    assert.ok(faults(['r', 1], ['u', 3], ['u', 2]) > 0, 'changes out of order');
    assert.ok(faults(['r', 1], ['r', 1]) > 0, 'read twice');
    assert.ok(faults(['u', 2], ['r', 2]) > 0, 'read behind the stream');
    assert.ok(faults(['r', 1], ['d'], ['d']) > 0, 'deleted twice');
    assert.ok(faults(['r', 1], ['d'], ['u', 2]) > 0, 'changed although deleted');
    assert.ok(faults(['u', 2]) > 0, 'neither read nor made');
  });
});
