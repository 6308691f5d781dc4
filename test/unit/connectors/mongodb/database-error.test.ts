import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MongoNetworkError } from 'mongodb';
import { databaseError } from '../../../../connectors/mongodb/database-error.ts';

const codeOf = (message: string, doing = 'Logging in') => databaseError(new MongoNetworkError(message), doing).code;

test('a server that goes away in the middle of a TLS handshake is away: that heals by itself', () => {
  assert.equal(codeOf('Client network socket disconnected before secure TLS connection was established'), 'DATABASE_UNAVAILABLE');
});

test('a certificate that is not trusted is for a person to mend', () => {
  assert.equal(codeOf('self-signed certificate in certificate chain'), 'TLS_FAILED');
});

test('what was being done says nothing of why it failed', () => {
  assert.equal(codeOf('connect ECONNREFUSED 127.0.0.1:27017', 'Reading collection shop.TLS'), 'DATABASE_UNAVAILABLE');
});
