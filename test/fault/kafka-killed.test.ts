import { test } from 'node:test';
import { soonForgotten, startKafka } from '../services/kafka.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultRounds, faultSeed } from './rounds.ts';

/** The rows that there are at the start, or a few more. */
const snapshotRecords = 18_200;
/** A broker takes seconds to come back: a fifth of the rounds beyond the first three. */
const rounds = Math.min(faultRounds, 3 + Math.floor(faultRounds / 5));

test('Kafka killed and started again under load, in the snapshot and in the stream', { timeout: 900_000 }, async t => {
  await using kafka = await startKafka(soonForgotten);
  const { bootstrapServers } = kafka;
  await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 1, bootstrapServers });
  const killedIn: string[] = [];
  for (let round = 0; round < rounds; round++) {
    // The first half of them in the snapshot.
    const from = Math.max(await pipeline.records(), round * 2 < rounds ? 0 : snapshotRecords);
    const { phase, records } = await pipeline.has(from + 1 + pipeline.changing.random(3000));
    const faultMs = Date.now();
    await kafka.stopImmediately();
    killedIn.push(`${phase} (${records})`);
    await pipeline.retries(/ECONN|EPIPE|closed|connect|timed out|not available/i, faultMs);
    await kafka.start();
    await pipeline.goesOn();
  }
  t.diagnostic(`killed in ${killedIn.join(', ')}`);
  await pipeline.assertExact(t);
});
