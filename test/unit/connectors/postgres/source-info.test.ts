import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSnapshotMarker } from '../../../../connectors/debezium/snapshot-marker.ts';
import { SourceInfo, sourceSchema } from '../../../../connectors/postgres/source-info.ts';
import { type ConnectRecord, Struct } from '../../../../src/contract/index.ts';
import { simpleTable, taskOf } from '../debezium/task.ts';

const span = { timestampUs: 1_795_376_914_106_041n, txId: 2603n, lastCommitLsn: null, xmin: null, origin: null, originLsn: null };

function fields(source: Struct) {
  return Object.fromEntries(sourceSchema.fields.map(({ name, index }) => [name, source.values[index]]));
}

test('the block tells where a change comes from', () => {
  const info = new SourceInfo('srv', 'dmldb');
  info.enter(span);
  assert.deepEqual(fields(info.make(simpleTable.id, 1_175_008_336n)), {
    version: '3.6.1.Final',
    connector: 'postgresql',
    name: 'srv',
    ts_ms: 1_795_376_914_106n,
    snapshot: null,
    db: 'dmldb',
    sequence: '[null,"1175008336"]',
    ts_us: 1_795_376_914_106_041n,
    ts_ns: 1_795_376_914_106_041_000n,
    schema: 'public',
    table: 't',
    txId: 2603n,
    lsn: 1_175_008_336n,
    xmin: null,
    origin: null,
    origin_lsn: null,
  });
});

test('after a commit the sequence begins with it, and an origin is told', () => {
  const info = new SourceInfo('srv', 'd');
  info.enter({ ...span, lastCommitLsn: 90n, xmin: 5n, origin: 'other', originLsn: 77n });
  const source = fields(info.make(simpleTable.id, 100n));
  assert.equal(source['sequence'], '["90","100"]');
  assert.deepEqual([source['xmin'], source['origin'], source['origin_lsn']], [5n, 'other', 77n]);
});

test('rows of an incremental snapshot have no position of their own', () => {
  const info = new SourceInfo('srv', 'd');
  info.enter(span);
  const source = fields(info.make(simpleTable.id, 100n, 'incremental'));
  assert.deepEqual([source['txId'], source['lsn'], source['xmin']], [null, null, null]);
});

test('a record can be marked as the last of its snapshot afterwards', () => {
  const { compile, context, makers } = taskOf();
  context.source = makers.sourceInfo.make(simpleTable.id, 1n, 'last_in_data_collection');
  context.transaction = null;
  const records: ConnectRecord[] = [];
  compile(simpleTable).emitRead(records, [1, 'a'], context);
  const [record] = records;
  assert.ok(record);
  const marker = ({ value }: ConnectRecord) => {
    const source = value instanceof Struct ? value.get('source') : null;
    return source instanceof Struct ? source.get('snapshot') : null;
  };
  assert.equal(marker(withSnapshotMarker(record, 'last')), 'last');
  assert.equal(marker(record), 'last_in_data_collection', 'the record itself stays');
});
