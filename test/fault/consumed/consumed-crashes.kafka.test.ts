import { test } from 'node:test';
import { aName, workerOptions } from '../../integration/kafka-log-fixture.ts';
import { sharedKafka } from '../../support/servers.ts';
import { crashWhileCopying } from './crash-while-copying.ts';

test('a crash between consuming and publishing loses and doubles nothing, Kafka', { timeout: 240_000 }, async t => {
  const options = workerOptions(await sharedKafka(), aName('copier'));
  await crashWhileCopying(t, { options }, ['kafka-partitions-added', 'kafka-produced', 'kafka-commit-asked', 'kafka-committed']);
});
