import { test } from 'node:test';
import { startKafkaBehindToxiproxy } from '../services/kafka-behind-toxiproxy.ts';
import { randomOf } from '../support/random-changes.ts';
import { networkFaults, requestTimeoutMs } from './kafka-network.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultRounds, faultSeed } from './rounds.ts';

test('Kafka slow, silent or cut off under load', { timeout: 1_800_000 }, async t => {
  const seed = faultSeed * 100 + 2;
  const random = randomOf(seed);
  await using kafka = await startKafkaBehindToxiproxy();
  await using pipeline = await KafkaPipeline.start({
    seed,
    bootstrapServers: kafka.bootstrapServers,
    direct: kafka.server.bootstrapServers,
    worker: { 'request.timeout.ms': String(requestTimeoutMs) },
  });
  await pipeline.has(1000);
  for (let round = 0; round < faultRounds; round++) {
    const fault = networkFaults[round % networkFaults.length]!;
    await fault.strike({ kafka, pipeline, random });
    const { phase, records } = await pipeline.goesOn();
    t.diagnostic(`seed ${seed}, round ${round + 1}: ${fault.name}; then ${phase}, ${records} records`);
  }
  await pipeline.assertExact(t);
});
