import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJaas } from '../../../../src/log/kafka/jaas.ts';

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';

test('a login module is read as users of Kafka Connect write it', () => {
  const entry = parseJaas(`${plain} required username="alice" password="alice-secret";`);
  assert.deepEqual(entry, { loginModule: plain, options: { username: 'alice', password: 'alice-secret' } });
});

test('line breaks, comments, single and no quotes are allowed', () => {
  const entry = parseJaas(`${plain} REQUIRED // who\n  username='al ice'\n /* and\n how */ password=plain-secret\n serviceName=kafka ;`);
  assert.deepEqual(entry.options, { username: 'al ice', password: 'plain-secret', serviceName: 'kafka' });
});

test('quotes may hold what otherwise has a meaning, and escapes', () => {
  const entry = parseJaas(`${plain} required username="a=b;c" password="quo\\"te \\\\ //no comment";`);
  assert.deepEqual(entry.options, { username: 'a=b;c', password: 'quo"te \\ //no comment' });
});

for (const [text, message] of [
  ['', /Login module not specified/],
  [`${plain} username="a";`, /control flag/],
  [`${plain} required username="a" password="b"`, /not terminated by semi-colon/],
  [`${plain} required username;`, /Value not specified for key 'username'/],
  [`${plain} required username="a`, /Unterminated quotation/],
  [`${plain} required a=b; ${plain} required c=d;`, /more than one login module/],
] as const)
  test(`refused: ${text.slice(plain.length) || 'nothing'}`, () => {
    assert.throws(() => parseJaas(text), message);
  });
