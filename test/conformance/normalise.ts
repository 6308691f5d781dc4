import { isObject, numberMark, parseRecorded, type Recorded, type RecordedObject, transactionMark } from './recorded.ts';

/** Fields of a source block (or of what a transform adds from it) that differ from run to run. */
const volatileFields = ['version', 'ts_ms', 'ts_us', 'ts_ns', 'lsn', 'txId', 'xmin', 'sequence', 'gtid', 'file', 'pos', 'row', 'thread'];
const moreVolatileFields = ['server_id', 'ord', 'wallTime', 'lsid', 'txnNumber'];
const volatileInSource = [...volatileFields, ...moreVolatileFields];
const times = ['ts_ms', 'ts_us', 'ts_ns'];
/** The same as fields or headers that ExtractNewRecordState adds: __lsn, __source_ts_ms, __transaction_id ... */
const added = new RegExp(`^__(source_)?(${volatileInSource.join('|')})$|^__transaction_id$`);
const runId = '__debezium.context.runId';

/** A record as it is compared: what differs from run to run is reduced to its JSON type. */
export type NormalisedRecord = {
  readonly topic: string;
  readonly partition: Recorded;
  readonly key: Recorded;
  readonly value: Recorded;
  readonly headers: RecordedObject;
};

/** null stays null and a structure itself; `sequence` must hold a JSON array of two. */
function typeOnly(name: string, value: Recorded): Recorded {
  if (typeof value !== 'string') return value;
  if (value[0] === numberMark) return '<number>';
  if (name !== 'sequence') return '<string>';
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.length === 2 ? '<array of 2>' : value;
  } catch {
    return value;
  }
}

function blank(object: RecordedObject, names: readonly string[]): void {
  for (const name of names) if (name in object) object[name] = typeOnly(name, object[name]!);
}

/** Blanks a dotted path; a field whose own name holds dots (Flatten makes some) wins. */
function blankPath(value: Recorded | undefined, path: string): void {
  if (!isObject(value)) return;
  const dot = path.indexOf('.');
  if (path in value) blank(value, [path]);
  else if (dot > 0) blankPath(value[path.slice(0, dot)], path.slice(dot + 1));
}

function markTransactionId(value: Recorded | undefined, name: string): void {
  if (isObject(value) && typeof value[name] === 'string') value[name] = transactionMark + value[name];
}

/** Debezium lists a transaction's tables in the order of a hash map: they are a set. */
function sortCollections(value: RecordedObject): void {
  const collections = value['data_collections'];
  if (!Array.isArray(collections)) return;
  const name = (item: Recorded) => (isObject(item) ? String(item['data_collection']) : '');
  collections.sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** What a JsonConverter with schemas wraps. */
function payload(value: Recorded): Recorded {
  const wrapped = isObject(value) && 'schema' in value && 'payload' in value && Object.keys(value).length === 2;
  return wrapped ? value['payload']! : value;
}

function normaliseValue(value: RecordedObject, key: Recorded, topic: string): void {
  if (isObject(value['source'])) {
    // a data change, a schema change or a message
    blank(value, times);
    blank(value['source'], volatileInSource);
  }
  markTransactionId(value['transaction'], 'id');
  if ('event_count' in value && 'data_collections' in value) {
    // the transaction topic
    blank(value, times);
    markTransactionId(value, 'id');
    markTransactionId(key, 'id');
    sortCollections(value);
  }
  if (topic.startsWith('__debezium-heartbeat')) blank(value, times);
  blank(
    value,
    Object.keys(value).filter(name => added.test(name)),
  );
}

/** Reads a line as the recorder writes it. `volatile`: further dotted paths of the payload, and header names, that differ from run to run. */
export function normalise(line: string, volatile: readonly string[] = []): NormalisedRecord {
  const parsed = parseRecorded(line);
  if (!isObject(parsed) || typeof parsed['topic'] !== 'string') throw new Error(`Not a recorded line: ${line.slice(0, 200)}`);
  const { topic, partition = null, key = null, value = null } = parsed;
  const headers = isObject(parsed['headers']) ? parsed['headers'] : {};
  const content = payload(value);
  if (isObject(content)) {
    normaliseValue(content, payload(key), topic);
    for (const path of volatile) blankPath(content, path);
  }
  blank(
    headers,
    Object.keys(headers).filter(name => name === runId || added.test(name) || volatile.includes(name)),
  );
  return { topic, partition, key, value, headers };
}
