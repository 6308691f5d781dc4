import { type ConfigSpec, configSpec, type OptionPattern, options } from '../../src/contract/index.ts';
import type { Guardrail } from '../debezium/filters.ts';
import { tableFilterOptions } from '../debezium/options/filter-options.ts';
import { checkFlow, type FlowSettings, flowOptions, readFlow } from '../debezium/options/flow-options.ts';
import { unsupportedOptions } from '../debezium/options/limited.ts';
import { newTableOptions, readNewTables } from '../debezium/options/new-table-options.ts';
import { notificationOptions, readNotifications } from '../debezium/options/notification-options.ts';
import { databaseNamingOptions, readSkippedOperations, readTopics, recordShapeOptions } from '../debezium/options/record-shape-options.ts';
import {
  checkRefused,
  refusedHistoryPrefixes,
  refusedOptions,
  refusedPatterns,
  refusedPrefixes,
} from '../debezium/options/refused-options.ts';
import { signalPatterns } from '../debezium/options/signal-topic-options.ts';
import { type SnapshotMode, snapshotMode, snapshotModeOptions, snapshotReadingOptions } from '../debezium/options/snapshot-options.ts';
import type { TopicSettings } from '../debezium/topic-naming.ts';
import type { JsonForm } from './json/extended-json.ts';
import { captureOptions, checkCapture, readCapture, readForms } from './options-capture.ts';
import { connectionOptions, readConnection } from './options-connection.ts';
import {
  checkFilters,
  filterOptions,
  filterPatterns,
  readCollectionFilters,
  readFieldRules,
  readSnapshotFilters,
} from './options-filters.ts';
import { mongoSignalOptions, readMongoSignals, signalCollection } from './options-signals.ts';
import type { MongoSettings } from './settings.ts';

/** A MongoDB connector's config, resolved. Holds the password: never print it. */
export type MongoConfig = {
  readonly settings: MongoSettings;
  readonly topics: TopicSettings;
  readonly schemaNames: 'none' | 'avro' | 'avro_unicode';
  readonly forms: { readonly document: JsonForm; readonly update: JsonForm };
  readonly tombstonesOnDelete: boolean;
  readonly extendedHeaders: boolean;
  readonly transactionMetadata: boolean;
  readonly heartbeatIntervalMs: number;
  readonly guardrail: Guardrail;
  readonly flow: FlowSettings;
  readonly snapshot: { readonly mode: SnapshotMode; readonly delayMs: number; readonly streamingDelayMs: number };
};

const ofTables = 'MongoDB has collections and documents: use collection.include.list, field.exclude.list and their counterparts.';
const ofColumns = 'Documents have no columns: use field.exclude.list, or a transform.';

/** Documents that one batch of a snapshot holds where `snapshot.fetch.size` leaves it open. */
const snapshotBatchSize = 10_240;
/** How long the server waits for a change where `cursor.max.await.time.ms` leaves it open. */
const awaitMs = 1_000;

const known = {
  ...connectionOptions,
  ...captureOptions,
  ...filterOptions,
  ...recordShapeOptions,
  ...databaseNamingOptions,
  'skip.messages.without.change': options.parsed(
    'BOOLEAN',
    { default: 'false', doc: 'Only false: to MongoDB an update that changes nothing is none.', importance: 'LOW', group: 'Connector' },
    (text): boolean => {
      if (text.trim().toLowerCase() !== 'false') throw new Error('it is not supported: to MongoDB an update that changes nothing is none');
      return false;
    },
  ),
  'guardrail.collections.max': tableFilterOptions['guardrail.collections.max'],
  'guardrail.collections.limit.action': tableFilterOptions['guardrail.collections.limit.action'],
  'snapshot.mode': snapshotModeOptions['snapshot.mode'],
  'snapshot.delay.ms': snapshotReadingOptions['snapshot.delay.ms'],
  'streaming.delay.ms': snapshotReadingOptions['streaming.delay.ms'],
  'snapshot.max.threads': options.int({
    default: '1',
    min: 1,
    max: 64,
    doc: 'Readers of a snapshot: collections are read at the same time, and one of more than two batches (snapshot.fetch.size) in ranges of its ids.',
    importance: 'MEDIUM',
    group: 'Snapshot',
    displayName: 'Snapshot maximum threads',
    aliases: ['initial.sync.max.threads'],
  }),
  'snapshot.fetch.size': options.int({
    default: '0',
    min: 0,
    doc: `Documents that a snapshot reads as one chunk (0: ${snapshotBatchSize}); after a restart it goes on behind the last whole one. A collection that fits into one is read in the server’s own order, a larger one by _id.`,
    importance: 'MEDIUM',
    group: 'Snapshot',
    displayName: 'Snapshot fetch size',
  }),
  ...newTableOptions,
  ...flowOptions,
  ...mongoSignalOptions,
  ...notificationOptions,
  ...refusedOptions,
  ...unsupportedOptions({
    'heartbeat.action.query': 'There is no SQL to run; heartbeat.interval.ms needs no change in the database to move the position on.',
    'table.include.list': ofTables,
    'table.exclude.list': ofTables,
    'column.include.list': ofColumns,
    'column.exclude.list': ofColumns,
    'binary.handling.mode': 'Binary values stand in documents as extended JSON writes them.',
    'event.converting.failure.handling.mode': 'Documents are written from their bytes as they are: nothing is converted that could fail.',
    'legacy.snapshot.max.threads':
      'snapshot.max.threads above 1 reads collections side by side, and large ones in ranges; 1 reads one after the other.',
    'mongodb.task.id': 'A connector has one task.',
    'message.key.columns': 'The key of a record is the document’s _id.',
    'snapshot.locking.mode': 'A snapshot of MongoDB locks nothing.',
    'snapshot.select.statement.overrides': 'Use snapshot.collection.filter.overrides.',
    'snapshot.query.mode': 'Use snapshot.collection.filter.overrides.',
  }),
};

const ownPrefixes = [...refusedPrefixes, ...refusedHistoryPrefixes, ['column.', ofColumns]] as const;

const patterns: readonly OptionPattern[] = [...filterPatterns, ...signalPatterns, ...refusedPatterns(ownPrefixes)];

/** Every option that Debezium's MongoDB connector documents: read, or refused by name; with the names they had in 1.x. */
export const mongoSpec: ConfigSpec<MongoConfig> = configSpec({
  doc: 'Debezium’s MongoDB connector: a snapshot of the collections, then their changes by a change stream. The server must be a replica set or a sharded cluster of MongoDB 6.0 or newer.',
  options: known,
  patterns,
  check(raw, report) {
    checkRefused(raw, report, ownPrefixes);
    checkFilters(raw, report);
    checkCapture(raw, report);
    checkFlow(raw, report);
  },
  refine(config, raw, report): MongoConfig {
    const filters = readCollectionFilters(config, signalCollection(config));
    const capture = readCapture(config, readSkippedOperations(config, raw), filters.prefilter());
    const flow = readFlow(config);
    const mode = snapshotMode(config['snapshot.mode']);
    const heartbeatIntervalMs = config['heartbeat.interval.ms'];
    const longestMs = config['cursor.max.await.time.ms'] || awaitMs;
    return {
      settings: {
        topicPrefix: config['topic.prefix'],
        connection: readConnection(config, report),
        capture,
        filters,
        fieldRules: readFieldRules(config),
        streams: mode !== 'initial_only',
        signals: readMongoSignals(config, capture, raw, report),
        notifications: readNotifications(config, report),
        snapshot: {
          threadsMax: config['snapshot.max.threads'],
          batchSize: config['snapshot.fetch.size'] || snapshotBatchSize,
          readsNewTables: readNewTables(config, mode, raw, report),
          filters: readSnapshotFilters(config, raw, report),
        },
        stream: {
          batchSize: flow.batchRecordsMax,
          // A heartbeat goes out between two answers.
          awaitMs: heartbeatIntervalMs > 0 ? Math.min(longestMs, heartbeatIntervalMs) : longestMs,
        },
      },
      topics: readTopics(config),
      schemaNames: config['schema.name.adjustment.mode'],
      forms: readForms(config['json.serialization.mode']),
      tombstonesOnDelete: config['tombstones.on.delete'],
      extendedHeaders: config['extended.headers.enabled'],
      transactionMetadata: config['provide.transaction.metadata'],
      heartbeatIntervalMs,
      guardrail: { tablesMax: config['guardrail.collections.max'], action: config['guardrail.collections.limit.action'] },
      flow,
      snapshot: { mode, delayMs: config['snapshot.delay.ms'], streamingDelayMs: config['streaming.delay.ms'] },
    };
  },
});
