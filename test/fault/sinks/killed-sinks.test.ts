import { test } from 'node:test';
import { embeddedLog } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { killAndCompare, rounds } from './killed-sinks.ts';

test(
  `kill -9 of the daemon and of each target under load, then a replay, embedded log: seed ${faultSeed}`,
  {
    timeout: 300_000 + rounds * 120_000,
  },
  t => killAndCompare(t, embeddedLog, faultSeed, rounds),
);
