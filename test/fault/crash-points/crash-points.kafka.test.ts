import { test } from 'node:test';
import { kafkaLog } from '../logs.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { postgresSource } from './postgres-source.ts';
import { crashesMsMax } from './steps.ts';

test('a crash at every point loses and doubles nothing, kafka log', { timeout: crashesMsMax }, async t => {
  const log = await kafkaLog();
  await crashAtEveryPoint(t, log, daemon => postgresSource(log, daemon));
});
