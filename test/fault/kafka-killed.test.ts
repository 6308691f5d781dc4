import { test } from 'node:test';
import { soonForgotten, startKafka } from '../services/kafka.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultRounds, faultSeed } from './rounds.ts';

/** A broker takes seconds to come back: a fifth of the rounds beyond the first three. */
const rounds = Math.min(faultRounds, 3 + Math.floor(faultRounds / 5));

test('Kafka killed and started again under load, in the snapshot and in the stream', { timeout: 900_000 }, async t => {
  await using kafka = await startKafka(soonForgotten);
  const { bootstrapServers } = kafka;
  await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 1, bootstrapServers });
  const killedIn: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { records } = (await pipeline.progress())!;
    const { phase, records: found } = await pipeline.has(records + 1 + pipeline.changing.random(round === 0 ? 8000 : 3000));
    const faultMs = Date.now();
    await kafka.stopImmediately();
    killedIn.push(`${phase} (${found})`);
    await pipeline.retries(/ECONNREFUSED|ECONNRESET|closed|connect/i, faultMs);
    await kafka.start();
    await pipeline.goesOn();
  }
  t.diagnostic(`killed in ${killedIn.join(', ')}`);
  await pipeline.assertExact(t);
});
