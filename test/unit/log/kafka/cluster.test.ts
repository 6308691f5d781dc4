import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Retry, SluiceError } from '../../../../src/contract/index.ts';
import { Cluster } from '../../../../src/log/kafka/cluster.ts';
import { connectionSpec } from '../../../../src/log/kafka/connection-config.ts';
import { BrokerError, brokerAnswer } from '../../../../src/log/kafka/errors.ts';

/** Nobody is asked: connections are made when they are needed. */
function cluster(onRetry?: (retry: Retry | null) => void, brokers = '127.0.0.1:1'): Cluster {
  return new Cluster(connectionSpec.parse({ 'bootstrap.servers': brokers }, () => true).config!, onRetry);
}

/** Fails with each of these, then answers. */
function failing(errors: Error[]): () => Promise<string> {
  return async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return 'answered';
  };
}

const lost = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const refused = (code: SluiceError['code']) => (error: unknown) => (error as SluiceError).code === code;

test('what a broker answers while it loads, or has handed its place on, is asked again', async () => {
  await using asked = cluster();
  const passing = [
    'COORDINATOR_LOAD_IN_PROGRESS',
    'NOT_COORDINATOR',
    'NOT_LEADER_OR_FOLLOWER',
    'LEADER_NOT_AVAILABLE',
    'NOT_ENOUGH_REPLICAS',
  ];
  const operation = failing(passing.map(answer => new BrokerError(answer)));
  assert.equal(await asked.call('ask', operation, { backoffMs: 1 }), 'answered');
});

test('what is final, or may have taken effect, is not', async () => {
  await using asked = cluster();
  await assert.rejects(asked.call('ask', failing([new BrokerError('PRODUCER_FENCED')]), { backoffMs: 1 }), refused('FENCED'));
  await assert.rejects(asked.call('ask', failing([lost()]), { backoffMs: 1, repeatLost: false }), refused('LOG_UNAVAILABLE'));
  const tooFew = () => failing([new BrokerError('INVALID_REPLICATION_FACTOR')]);
  await assert.rejects(asked.call('create', tooFew(), { backoffMs: 1 }), refused('LOG_REFUSED'));
  assert.equal(await asked.call('create', tooFew(), { backoffMs: 1, passing: ['INVALID_REPLICATION_FACTOR'] }), 'answered');
});

test('who waits is told of what lasts, not of what passes in a moment, and of its end', async () => {
  const told: (Retry | null)[] = [];
  await using asked = cluster(retry => told.push(retry));
  await asked.call('ask', failing([new BrokerError('CONCURRENT_TRANSACTIONS')]), { backoffMs: 1 });
  assert.equal(told.length, 0);
  await asked.call('ask', failing([new BrokerError('NOT_ENOUGH_REPLICAS')]), { backoffMs: 1000 });
  assert.equal(told.length, 2);
  assert.equal(told[0]!.attempts, 1);
  assert.match(told[0]!.error.message, /^Cannot ask: NOT_ENOUGH_REPLICAS/);
  assert.ok(told[0]!.nextAttemptMs >= told[0]!.sinceMs + 1000);
  assert.equal(told[1], null);
});

test('the brokers are asked in turn where one does not answer', async () => {
  await using asked = cluster(undefined, '127.0.0.1:1,127.0.0.1:2');
  const admins = new Set<unknown>();
  const operation = failing([lost(), lost()]);
  await asked.call(
    'ask',
    () => {
      admins.add(asked.admin);
      return operation();
    },
    { backoffMs: 1 },
  );
  assert.equal(admins.size, 2);
});

test('the reason is told, not what follows from it for other partitions', () => {
  const answers = ['OPERATION_NOT_ATTEMPTED', 'TOPIC_AUTHORIZATION_FAILED', 'OPERATION_NOT_ATTEMPTED'].map(
    answer => new BrokerError(answer),
  );
  assert.equal(brokerAnswer(new AggregateError(answers))?.answer, 'TOPIC_AUTHORIZATION_FAILED');
  assert.equal(brokerAnswer(new AggregateError(answers.slice(0, 1)))?.answer, 'OPERATION_NOT_ATTEMPTED');
});
