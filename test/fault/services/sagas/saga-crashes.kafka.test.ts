import { test } from 'node:test';
import { aName, workerOptions } from '../../../integration/kafka-log-fixture.ts';
import { sharedKafka } from '../../../support/servers.ts';
import { crashEveryTransition, lanes, rounds } from './saga-crashes.ts';

test('a kill before or after any transition of the order saga does nothing twice and leaves nothing stuck, Kafka', {
  timeout: 240_000 * rounds,
}, async t => {
  // A member that was killed is gone for the others only when its session is over.
  const sessions = { 'consumer.session.timeout.ms': '6000', 'consumer.heartbeat.interval.ms': '500' };
  const kafka = await sharedKafka();
  const places = Array.from({ length: lanes }, () => ({
    log: { options: workerOptions(kafka, aName('sagas'), sessions) },
    database: null,
  }));
  await crashEveryTransition(t, places);
});
