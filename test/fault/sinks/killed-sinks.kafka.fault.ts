import { test } from 'node:test';
import { kafkaLog } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { killAndCompare, rounds } from './killed-sinks.ts';

test(
  `kill -9 of the daemon and of each target under load, then a replay, Kafka: seed ${faultSeed}`,
  {
    timeout: 300_000 + rounds * 120_000,
  },
  async t => killAndCompare(t, await kafkaLog(), faultSeed, rounds),
);
