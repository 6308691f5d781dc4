import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAfter } from '../../../../connectors/mysql/schema-history-order.ts';
import { historyText, parseHistoryEntry } from '../../../../connectors/mysql/schema-history-record.ts';
import type { TableModel } from '../../../../connectors/mysql/table-model.ts';
import type { InternalRecord, JsonObject } from '../../../../src/contract/index.ts';
import { randomStatement } from '../../../integration/mysql-ddl/random-ddl.ts';
import { contains, SchemaFixture, topicOf } from './schema-fixture.ts';

const never = new AbortController().signal;
const far: JsonObject = { file: 'bin.000009', pos: 4 };

async function recovered(topic: readonly InternalRecord[], offset: JsonObject = far, truncated: bigint[] = []): Promise<SchemaFixture> {
  const fixture = new SchemaFixture({ includeComments: true });
  await fixture.schema.history.recover(topicOf(topic, truncated), offset, contains, never);
  return fixture;
}

/** By their names: the order in which tables became known says nothing. */
function tablesOf({ models }: SchemaFixture): ReadonlyMap<string, TableModel> {
  return new Map([...models.tables()].map(table => [`${table.id.catalog}.${table.id.table}`, table] as const).sort());
}

test('whatever was done to tables, a start finds them as they were at its offset, also by a history told anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(randomStatement, { maxLength: 30 }), fc.constantFrom(0, 3, 1_000), async (statements, entriesMax) => {
      const fixture = new SchemaFixture({ includeComments: true, entriesMax });
      const moments: { readonly position: JsonObject; readonly tables: ReadonlyMap<string, TableModel> }[] = [];
      for (const sql of ['SET character_set_server=latin1', 'create database db charset gbk', ...statements]) {
        fixture.apply(sql, sql.startsWith('SET') ? '' : 'db');
        moments.push({ position: fixture.position, tables: tablesOf(fixture) });
      }
      for (const { position, tables } of moments) {
        const start = await recovered(fixture.topic, position);
        assert.deepEqual(tablesOf(start), tables);
        // What new tables inherit is part of it.
        start.apply('create table inheriting (a text)');
        assert.equal(
          start.models.table({ catalog: 'db', schema: '', table: 'inheriting' })?.defaultCharsetName,
          position === moments[0]!.position ? 'latin1' : 'gbk',
        );
      }
    }),
    { numRuns: 60 },
  );
});

/** As Debezium 3.6.1 writes it: several lines, the keys of its offsets, no key of ours. */
const written = `{
  "source" : {
    "server" : "srv"
  },
  "position" : {
    "ts_sec" : 1795379444,
    "file" : "bin.000001",
    "pos" : 151879316,
    "gtids" : "ab",
    "snapshot" : true
  },
  "ts_ms" : 1795379441497,
  "databaseName" : "ddldb",
  "ddl" : "CREATE TABLE \`item\` (\\n  \`id\` int NOT NULL,\\n  \`e\` enum('a,b','it''s') DEFAULT NULL,\\n  PRIMARY KEY (\`id\`)\\n)",
  "tableChanges" : [ {
    "type" : "CREATE",
    "id" : "\\"ddldb\\".\\"item\\"",
    "table" : {
      "defaultCharsetName" : "utf8mb4",
      "primaryKeyColumnNames" : [ "id" ],
      "columns" : [ {
        "name" : "id", "jdbcType" : 4, "typeName" : "INT", "typeExpression" : "INT", "charsetName" : null, "position" : 1,
        "optional" : false, "autoIncremented" : false, "generated" : false, "comment" : null, "hasDefaultValue" : false, "enumValues" : [ ]
      }, {
        "name" : "e", "jdbcType" : 1, "typeName" : "ENUM", "typeExpression" : "ENUM", "charsetName" : "utf8mb4", "length" : 1, "position" : 2,
        "optional" : true, "autoIncremented" : false, "generated" : false, "comment" : null, "hasDefaultValue" : true, "enumValues" : [ "'a,b'", "'it''s'" ]
      } ],
      "attributes" : [ ]
    },
    "comment" : null
  } ]
}`;

test('a history told anew is as long as there are tables, and stays bounded', async () => {
  const fixture = new SchemaFixture({ entriesMax: 10 });
  fixture.apply('create table t (a int)');
  fixture.apply('create table u (a int)');
  for (let index = 0; index < 100; index++) fixture.apply(`alter table t add column c${index} int`);
  const texts = fixture.topic.map(({ value }) => parseHistoryEntry(value!)!);
  const checkpoints = texts.flatMap((entry, index) => (entry.checkpoint ? [index] : []));
  assert.ok(checkpoints.length >= 5 && checkpoints.length <= 10, `${checkpoints.length} of 102 statements`);
  // What is left when all before the last one is gone.
  const start = await recovered(fixture.topic.slice(checkpoints.at(-1)));
  assert.deepEqual(tablesOf(start), tablesOf(fixture));
  // A start deletes what lies before the last but one.
  const truncated: bigint[] = [];
  await recovered(fixture.topic, far, truncated);
  assert.deepEqual(truncated, [BigInt(checkpoints.at(-2)!)]);
  // Not where the topic is another connector's too.
  await recovered([{ topic: 'history', key: null, value: written.replace('"srv"', '"other"') }, ...fixture.topic], far, truncated);
  assert.equal(truncated.length, 1);
});

test('what Debezium recorded reads as what the same statement leads to here', async () => {
  const taken = await recovered([{ topic: 'history', key: null, value: written }], { gtids: 'ab', file: 'bin.000001', pos: 151879316 });
  const own = new SchemaFixture();
  own.apply('SET character_set_server=utf8mb4', '');
  own.apply(parseHistoryEntry(written)!.ddl!, 'ddldb');
  assert.deepEqual(tablesOf(taken), tablesOf(own));
  const entry = parseHistoryEntry(written)!;
  assert.deepEqual(parseHistoryEntry(historyText(entry, 1)), entry);
});

test('a renamed table is gone under its old name after a start, also where ALTER TABLE renamed it', async () => {
  const fixture = new SchemaFixture();
  fixture.apply('create table a (i int)');
  fixture.apply('rename table a to b');
  fixture.apply('alter table b rename to c, add column j int');
  assert.deepEqual([...tablesOf(await recovered(fixture.topic)).keys()], ['db.c']);
});

test('other connectors share the topic; what is no entry is left out', async () => {
  const fixture = new SchemaFixture();
  fixture.apply('create table a (i int)');
  const foreign = fixture.topic.map(record => ({ ...record, value: record.value!.replace('"srv"', '"other"') }));
  const odd = [null, '', '[]', '{"source":{}}', 'no json'].map(value => ({ topic: 'history', key: null, value }));
  const start = await recovered([...odd, ...foreign, ...fixture.topic, ...odd]);
  assert.deepEqual([...tablesOf(start).keys()], ['db.a']);
  await assert.rejects(recovered(foreign), { code: 'SCHEMA_HISTORY_LOST' });
  await assert.rejects(recovered([]), { code: 'SCHEMA_HISTORY_LOST' });
  await assert.rejects(recovered(fixture.topic, { file: 'bin.000001', pos: 4 }), { code: 'SCHEMA_HISTORY_LOST' });
});

test('a statement that could not be read leaves its table in doubt after a start too', async () => {
  const fixture = new SchemaFixture();
  fixture.apply('create table t (a int)');
  fixture.apply('alter table t add column');
  const start = await recovered(fixture.topic);
  const reading = { charsetOf: () => null, decode: () => '' };
  const shape = { columns: [], primaryKey: null, full: false };
  const id = { catalog: 'db', schema: '', table: 't' };
  assert.throws(() => start.models.reconcile(id, shape, reading), {
    code: 'SCHEMA_UNKNOWN',
    message: /table db\.t .* could not be read: The statement ends/,
  });
});

test('an entry is yet to come only where its position is known to be behind the offset', () => {
  const cases: readonly (readonly [recorded: JsonObject, offset: JsonObject, after: boolean])[] = [
    [{ file: 'b.000002', pos: 4 }, { file: 'b.000001', pos: 900 }, true],
    [{ file: 'b.999999', pos: 4 }, { file: 'b.1000000', pos: 4 }, false],
    [{ file: 'b.000001', pos: 5 }, { file: 'b.000001', pos: 5 }, false],
    [{ file: 'b.000001', pos: 6 }, { file: 'b.000001', pos: 5 }, true],
    [{ file: 'b.000001', pos: 5, event: 2 }, { file: 'b.000001', pos: 5, event: 1 }, true],
    [{ file: 'b.000001', pos: 5, row: 1 }, { file: 'b.000001', pos: 5, row: 2 }, false],
    // Of another server: by the time.
    [{ file: 'z.000009', pos: 5, server_id: 1, ts_sec: 10 }, { file: 'a.000001', pos: 4, server_id: 2, ts_sec: 11 }, false],
    [{ file: 'a.000001', pos: 5, server_id: 1, ts_sec: 12 }, { file: 'z.000009', pos: 4, server_id: 2, ts_sec: 11 }, true],
    // GTID sets: contained, containing, equal, neither.
    [{ gtids: 'a', file: 'b.9', pos: 9 }, { gtids: 'ab', file: 'b.1', pos: 1 }, false],
    [{ gtids: 'abc', file: 'b.1', pos: 1 }, { gtids: 'ab', file: 'b.9', pos: 9 }, true],
    [{ gtids: 'ab', event: 3 }, { gtids: 'ab', event: 2 }, true],
    [{ gtids: 'ab' }, { gtids: 'ab', snapshot: true }, true],
    [{ gtids: 'ac' }, { gtids: 'ab' }, false],
    // GTIDs were switched on in between.
    [{ file: 'b.9', pos: 9 }, { gtids: 'a', file: 'b.1', pos: 1 }, false],
    [{ gtids: 'a', file: 'b.1', pos: 1 }, { file: 'b.9', pos: 9 }, true],
  ];
  for (const [recorded, offset, after] of cases)
    assert.equal(isAfter(recorded, offset, contains), after, JSON.stringify([recorded, offset]));
});
