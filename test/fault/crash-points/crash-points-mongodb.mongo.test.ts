import { test } from 'node:test';
import { embeddedLog } from '../logs.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { mongodbSource } from './mongodb-source.ts';
import { crashesMsMax } from './steps.ts';

test('a crash at every point of a MongoDB source loses and doubles nothing, embedded log', { timeout: crashesMsMax }, async t => {
  await crashAtEveryPoint(t, embeddedLog, daemon => mongodbSource(embeddedLog, daemon));
});
