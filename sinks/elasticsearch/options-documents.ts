import { options } from '../../src/contract/index.ts';
import { jsonObject } from './json-object.ts';

const group = 'Data Conversion';
const naming = 'Indices';
/** The default of index.name: as Confluent's connector names an index. */
export const topicName = `\${topic}`;

/** What becomes a document, under which name and id. */
export const documentOptions = {
  'key.ignore': options.boolean({
    default: 'false',
    doc: 'Make the document’s id of topic, partition and offset in place of the record’s key: every change is a document of its own, and none is deleted.',
    importance: 'HIGH',
    group,
    displayName: 'Ignore Key mode',
  }),
  'topic.key.ignore': options.list({
    default: '',
    doc: 'Topics for which key.ignore is true.',
    importance: 'LOW',
    group,
    displayName: 'Topics for Ignore Key mode',
  }),
  'schema.ignore': options.boolean({
    default: 'false',
    doc: 'Make no mapping from the records’ schemas: Elasticsearch guesses one from the first documents.',
    importance: 'LOW',
    group,
    displayName: 'Ignore Schema mode',
  }),
  'topic.schema.ignore': options.list({
    default: '',
    doc: 'Topics for which schema.ignore is true.',
    importance: 'LOW',
    group,
    displayName: 'Topics for Ignore Schema mode',
  }),
  'compact.map.entries': options.boolean({
    default: 'true',
    doc: 'Write maps with text keys as `{"key": value}`; otherwise, and always with other keys, as an array of `{"key": ..., "value": ...}`.',
    importance: 'LOW',
    group,
    displayName: 'Compact Map Entries',
  }),
  'behavior.on.null.values': options.choice(['ignore', 'delete', 'fail'], {
    default: 'FAIL',
    doc: 'What a delete does, be it a tombstone, a delete in Debezium’s envelope or a rewritten one: `delete` the document, `ignore` it, or `fail` the record. With sources that delete, `delete` is what you want.',
    importance: 'LOW',
    group,
    displayName: 'Behavior for null-valued records',
  }),
  'truncate.enabled': options.boolean({
    default: 'false',
    doc: 'Whether a truncation of the source’s table deletes the documents of its index that are older; otherwise its record is refused. (Debezium’s sources tell of truncations with `skipped.operations=none` only.) It takes an index of the topic’s own, a topic of one partition, tasks.max=1, write.method=insert and delete.markers.',
    importance: 'LOW',
    group,
    displayName: 'Truncate enabled',
  }),
  'behavior.on.malformed.documents': options.choice(['ignore', 'warn', 'fail'], {
    default: 'FAIL',
    doc: 'What happens to a record that Elasticsearch refuses (a value that does not fit the mapping, say): `fail` it, so that errors.tolerance and the dead letters decide; or drop it, counted in the log, with `warn` as a warning.',
    importance: 'LOW',
    group,
    displayName: 'Behavior on malformed documents',
  }),
  'drop.invalid.message': options.boolean({
    default: 'false',
    doc: 'Drop a record of which no document can be made (no key, a value that is no object), counted in the log, in place of failing it.',
    importance: 'LOW',
    group,
    displayName: 'Drop invalid messages',
  }),
  'write.method': options.choice(['insert', 'upsert'], {
    default: 'INSERT',
    doc: '`insert` writes whole documents, each at its record’s version: records that come again or late change nothing that is newer. `upsert` changes just the fields in the record and leaves others as they are, also such as somebody else wrote; Elasticsearch has no versions for that, so a replay goes over newer values until it has caught up.',
    importance: 'LOW',
    group,
    displayName: 'Write Method',
  }),
  'unavailable.value.placeholder': options.string({
    default: '__debezium_unavailable_value',
    doc: 'The source’s option of this name: what stands in a record for a column that the database did not send. Such a column keeps the value the document has.',
    importance: 'LOW',
    group,
    displayName: 'Unavailable value placeholder',
  }),
  'index.name': options.string({
    default: topicName,
    doc: `The index’s name: a text with \`\${topic}\`, \`\${source.FIELD}\` (of Debezium’s source block: \`\${source.table}\`), \`\${key.FIELD}\` and \`\${row.FIELD}\`. It is put in lower case. A field that is not in the key moves a document when it changes, and takes \`before\` in the records for its deletes.`,
    group: naming,
    displayName: 'Index name',
  }),
  'index.alias': options.boolean({
    default: 'false',
    doc: 'index.name names an alias, and the documents lie in an index of that name with `-v` and index.generation: so an index can be built anew beside the one that is searched.',
    group: naming,
    displayName: 'Index by alias',
  }),
  'index.generation': options.int({
    default: '1',
    min: 1,
    doc: 'With index.alias: which index is written. One that is not there yet is built from the log’s start, and the alias moves to it in one step once it holds all that the one before it does.',
    group: naming,
    displayName: 'Index generation',
  }),
  'index.settings': options.parsed(
    'STRING',
    {
      default: '{}',
      doc: 'Settings of indices that the sink makes, as JSON: `{"number_of_shards": 3}`.',
      group: naming,
      displayName: 'Index settings',
    },
    jsonObject,
  ),
  'index.mappings': options.parsed(
    'STRING',
    {
      default: '{}',
      doc: 'Mappings of indices that the sink makes, as JSON: `{"properties": {"name": {"type": "keyword"}}}`. What they name is as they say; the other fields are mapped by the records’ schema.',
      group: naming,
      displayName: 'Index mappings',
    },
    jsonObject,
  ),
  'external.resource.usage': options.choice(['disabled', 'index', 'alias_index'], {
    default: 'DISABLED',
    refusedValues: {
      DATASTREAM: 'data streams only take new documents, and a row that changes is an old one',
      ALIAS_DATASTREAM: 'data streams only take new documents, and a row that changes is an old one',
    },
    doc: 'Write into indices or aliases that are there already and are named by topic.to.external.resource.mapping; the sink makes none.',
    group: naming,
    displayName: 'External Resource Usage',
  }),
  'topic.to.external.resource.mapping': options.list({
    default: '',
    doc: 'With external.resource.usage: which topic goes where, as `topic:index`, separated by commas; all topics must be named.',
    group: naming,
    displayName: 'Topic to External Resource Mapping',
  }),
  'max.external.resource.mappings': options.int({
    default: '15',
    min: 1,
    doc: 'The most entries of topic.to.external.resource.mapping.',
    importance: 'LOW',
    group: naming,
    displayName: 'Maximum External Resource Mappings',
  }),
  'state.index': options.string({
    default: 'sluice-state',
    doc: 'A hidden index in which the sink keeps what Elasticsearch forgets: versions of deleted documents (index.gc_deletes), so that a replay does not bring them back, and how far an alias’s indices are.',
    group: naming,
    displayName: 'State index',
  }),
  'delete.markers': options.boolean({
    default: 'true',
    doc: 'Keep the version of every deleted document in state.index. Without it a record older than a delete brings the document back once index.gc_deletes (60 s) has passed.',
    group: naming,
    displayName: 'Delete markers',
  }),
  'delete.markers.retention.ms': options.long({
    default: '2592000000',
    min: -1,
    doc: 'How many milliseconds after a delete its version is kept (30 days unless set); -1: for good. Records older than the delete may come as long as the log and its dead letters hold them: make it longer than that.',
    importance: 'LOW',
    group: naming,
    displayName: 'Delete markers’ retention',
  }),
};
