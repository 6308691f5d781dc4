import { test } from 'node:test';
import { embeddedLog } from '../logs.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { mysqlSource } from './mysql-source.ts';
import { crashesMsMax } from './steps.ts';

test('a crash at every point of a MySQL source loses and doubles nothing, embedded log', { timeout: crashesMsMax }, async t => {
  await crashAtEveryPoint(t, embeddedLog, daemon => mysqlSource(embeddedLog, daemon));
});
