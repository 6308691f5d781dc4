import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verificationRequest } from '../../../src/rest/verifications.ts';

test('a request for a verification has its defaults, and what it may say', () => {
  assert.deepEqual(verificationRequest('{"against": " search "}'), {
    against: 'search',
    tables: [],
    repair: false,
    rate: 5_000,
    chunk: 1_000,
    keys: 100,
    differencesMax: 10_000,
  });
  const asked = { against: 'log', tables: ['public\\..*'], repair: true, rate: 10, chunk: 5, keys: 0, differences: 3 };
  const { differences, ...rest } = asked;
  assert.deepEqual(verificationRequest(JSON.stringify(asked)), { ...rest, differencesMax: differences });
});

test('what it may not say is refused by name', () => {
  const refused: [object, RegExp][] = [
    [{}, /"against"/],
    [{ against: '' }, /"against"/],
    [{ against: 'a', table: 't' }, /Unrecognized field "table"/],
    [{ against: 'a', tables: 't' }, /"tables"/],
    [{ against: 'a', tables: [1] }, /"tables"/],
    [{ against: 'a', repair: 'yes' }, /"repair"/],
    [{ against: 'a', rate: 0 }, /"rate".*1 to 1000000/],
    [{ against: 'a', rate: 1.5 }, /"rate"/],
    [{ against: 'a', chunk: 10_001 }, /"chunk"/],
    [{ against: 'a', keys: -1 }, /"keys"/],
    [{ against: 'a', differences: '5' }, /"differences"/],
  ];
  for (const [body, message] of refused) assert.throws(() => verificationRequest(JSON.stringify(body)), message);
  assert.throws(() => verificationRequest(''), /no body/);
  assert.throws(() => verificationRequest('[]'), /must be a JSON object/);
});
