import { test } from 'node:test';
import { kafkaLog } from '../logs.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { mysqlSource } from './mysql-source.ts';
import { crashesMsMax } from './steps.ts';

test('a crash at every point of a MySQL source loses and doubles nothing, kafka log', { timeout: crashesMsMax }, async t => {
  const log = await kafkaLog();
  await crashAtEveryPoint(t, log, daemon => mysqlSource(log, daemon));
});
