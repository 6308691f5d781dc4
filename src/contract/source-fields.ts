import { nearest } from './nearest.ts';

/** Fields of the source blocks of Debezium's connectors. */
const sourceFields = [
  ...['version', 'connector', 'name', 'ts_ms', 'ts_us', 'ts_ns', 'snapshot', 'db', 'schema', 'table', 'collection', 'sequence'],
  ...['txId', 'lsn', 'xmin', 'origin', 'origin_lsn', 'server_id', 'gtid', 'file', 'pos', 'row', 'thread', 'query'],
  ...['ord', 'lsid', 'txnNumber', 'wallTime', 'change_lsn', 'commit_lsn', 'event_serial_no', 'scn', 'commit_scn', 'rs_id', 'ssn'],
  ...['redo_thread', 'user_name', 'row_id', 'lcr_position', 'start_scn', 'start_ts', 'commit_ts', 'keyspace', 'shard', 'vgtid'],
];

/** The field of a source block that a name most likely means; null where it is one, or is like none. */
export function misspeltSourceField(name: string): string | null {
  return sourceFields.includes(name) ? null : nearest(name, sourceFields);
}
