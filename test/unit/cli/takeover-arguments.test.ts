import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAddress, durationMs, withSettings } from '../../../src/cli/takeover-arguments.ts';

test('times, with what is none refused', () => {
  assert.deepEqual(['90s', '10m', '2h', '500ms'].map(durationMs), [90_000, 600_000, 7_200_000, 500]);
  for (const wrong of ['10', '0s', '-1s', '25h', 's', '1.5m']) assert.throws(() => durationMs(wrong), /--shadow-for is a time such as 30s/);
});

test('a login in the URL goes into a header and out of every message', () => {
  const address = connectAddress('http://u%20ser:p%40ss@connect:8083/base/');
  assert.equal(String(address), 'http://connect:8083/base');
  assert.equal(address.authorization, `Basic ${Buffer.from('u ser:p@ss').toString('base64')}`);
  assert.equal(connectAddress('https://connect').authorization, null);
  assert.throws(() => connectAddress('connect:8083'), /http:\/\//);
  assert.throws(() => connectAddress('nothing'), /URL of Kafka Connect/);
});

test('options are set and left out, and no value of a mistake is told', () => {
  const config = { a: '1', b: '2', c: '3' };
  assert.deepEqual(withSettings(config, 'a=x=y,d=4\\,5', 'b, c'), { a: 'x=y', d: '4,5' });
  assert.deepEqual(withSettings(config, null, null), config);
  assert.throws(() => withSettings(config, 'nonsense', null), /--set takes NAME=VALUE/);
});
