import { test } from 'node:test';
import { kafkaLog } from '../logs.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { crashesMsMax } from './steps.ts';

test('a crash at every point loses and doubles nothing, kafka log', { timeout: crashesMsMax }, async t => {
  await crashAtEveryPoint(t, await kafkaLog());
});
