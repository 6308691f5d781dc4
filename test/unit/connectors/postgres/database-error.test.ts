import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseError } from '../../../../connectors/postgres/database-error.ts';

test('whatever a lost connection is told with, the database is away: that heals by itself', () => {
  const coded = (code: string, message: string) => Object.assign(new Error(message), { code });
  for (const error of [
    coded('57P01', 'terminating connection due to administrator command'),
    coded('57P02', 'terminating connection due to immediate shutdown command'),
    coded('57P03', 'the database system is starting up'),
    coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5432'),
    coded('ECONNRESET', 'read ECONNRESET'),
    coded('EPIPE', 'write EPIPE'),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout expired'),
  ]) {
    const { code, message } = databaseError(error, 'Reading the snapshot');
    assert.deepEqual([code, message], ['DATABASE_UNAVAILABLE', `Reading the snapshot: ${error.message}`]);
  }
});

test('a statement behind the loss of its connection says that it was lost, not what the driver calls that', () => {
  const { code, message } = databaseError(
    new Error('Client has encountered a connection error and is not queryable'),
    'Reading the snapshot',
  );
  assert.equal(code, 'DATABASE_UNAVAILABLE');
  assert.equal(message, 'Reading the snapshot: the connection to the database was lost');
});
