import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replicaIdentityRules, replicaIdentityStatements } from '../../../../connectors/postgres/replica-identity.ts';

const table = (name: string, replicaIdentity: 'default' | 'full' | 'nothing' | 'index') => {
  const [schema = '', rest = ''] = name.split('.');
  return { id: { catalog: 'd', schema, table: rest }, replicaIdentity };
};

test('tables get the identity of the entry that matches them, unless they have it', () => {
  const rules = replicaIdentityRules('s1.*:FULL,s2.t2:nothing, s2.t3:INDEX idx_name');
  const tables = [
    table('s1.a', 'default'),
    table('s1.b', 'full'),
    table('s2.t2', 'default'),
    table('s2.t3', 'default'),
    table('s3.x', 'default'),
  ];
  assert.deepEqual(
    replicaIdentityStatements(rules, tables).map(({ statement }) => statement),
    [
      'ALTER TABLE "s1"."a" REPLICA IDENTITY FULL',
      'ALTER TABLE "s2"."t2" REPLICA IDENTITY NOTHING',
      'ALTER TABLE "s2"."t3" REPLICA IDENTITY USING INDEX "idx_name"',
    ],
  );
});

test('two entries for one table contradict each other', () => {
  const rules = replicaIdentityRules('s1.*:FULL,s1.a:DEFAULT');
  assert.throws(() => replicaIdentityStatements(rules, [table('s1.a', 'default')]), /More than one entry .* the table s1\.a/);
});

test('an entry of another form is refused', () => {
  assert.throws(() => replicaIdentityRules('s1.a:HALF'), /s1\.a:HALF has an invalid format/);
  assert.throws(() => replicaIdentityRules(''), /Must not be empty/);
});
