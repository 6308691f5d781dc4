import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { armCrashPoint, crashPoint, SluiceError } from '../../../src/contract/index.ts';

afterEach(() => armCrashPoint(undefined, () => {}));

test('an armed crash point strikes at its n-th passing, once', () => {
  let crashes = 0;
  armCrashPoint('unit-durable:3', () => crashes++);
  const passed = () => {
    crashPoint('unit-durable');
    crashPoint('unit-acknowledged');
    return crashes;
  };
  assert.deepEqual([passed(), passed(), passed(), passed()], [0, 0, 1, 1]);
  armCrashPoint('unit-acknowledged', () => crashes++);
  assert.equal(passed(), 2, 'without a number: the first');
});

test('an unset or empty setting arms none', () => {
  for (const setting of [undefined, '']) {
    armCrashPoint(setting, () => assert.fail('nothing is armed'));
    crashPoint('unit-durable');
  }
});

for (const setting of ['unit-durabel', 'unit-durable:0', 'unit-durable:', 'Unit-Durable', ':1'])
  test(`'${setting}' is no crash point`, () => {
    assert.throws(
      () => armCrashPoint(setting, () => {}),
      (error: SluiceError) => error instanceof SluiceError && error.code === 'CONFIG_INVALID' && error.message.includes(setting),
    );
  });
