import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseError } from '../../../../connectors/mysql/database-error.ts';

const handshake = (message: string) => databaseError(Object.assign(new Error(message), { code: 'HANDSHAKE_SSL_ERROR' })).code;

test('a server that goes away in the middle of a TLS handshake is away: that heals by itself', () => {
  assert.equal(handshake('read ECONNRESET'), 'DATABASE_UNAVAILABLE');
  assert.equal(handshake('Client network socket disconnected before secure TLS connection was established'), 'DATABASE_UNAVAILABLE');
});

test('a certificate that is not trusted is for a person to mend', () => {
  assert.equal(handshake('self-signed certificate in certificate chain'), 'TLS_FAILED');
});

test('a statement or a connection that somebody ended is tried again, by either server’s number', () => {
  for (const errno of [1053, 1317, 1927])
    assert.equal(databaseError(Object.assign(new Error('ended'), { errno })).code, 'DATABASE_UNAVAILABLE', String(errno));
});
