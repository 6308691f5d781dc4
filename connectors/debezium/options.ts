import type { ConfigOf, ConfigReport, Header, OptionPattern, RawConfig, Schema } from '../../src/contract/index.ts';
import type { ColumnRule } from './column-rules.ts';
import type { Operation } from './envelope.ts';
import { EventCounts } from './event-counts.ts';
import type { FilterSettings, Filters, Guardrail } from './filters.ts';
import type { MessageKeys } from './message-keys.ts';
import { fieldNameAdjuster, type NameAdjustmentMode, schemaNameAdjuster } from './name-adjustment.ts';
import { columnOptions, columnPatterns, readColumnRules, readMasks } from './options/column-options.ts';
import { checkFilters, databaseFilterOptions, readFilters, schemaFilterOptions, tableFilterOptions } from './options/filter-options.ts';
import { checkFlow, type FlowSettings, flowOptions, readFlow } from './options/flow-options.ts';
import { notificationOptions } from './options/notification-options.ts';
import {
  databaseNamingOptions,
  readSkippedOperations,
  readTopics,
  recordShapeOptions,
  schemaNamingOptions,
} from './options/record-shape-options.ts';
import {
  checkRefused,
  refusedDatabaseLists,
  refusedHistoryPrefixes,
  refusedOptions,
  refusedPatterns,
  refusedPrefixes,
} from './options/refused-options.ts';
import { signalOptions } from './options/signal-options.ts';
import { signalPatterns } from './options/signal-topic-options.ts';
import {
  readSnapshot,
  type SnapshotMode,
  type SnapshotSettings,
  snapshotModeOptions,
  snapshotPatterns,
  snapshotReadingOptions,
} from './options/snapshot-options.ts';
import type { RecordOptions } from './record-options.ts';
import { type TopicSettings, topicNaming } from './topic-naming.ts';

/** The options that all of Debezium's relational connectors share. */
const sharedOptions = {
  ...recordShapeOptions,
  ...tableFilterOptions,
  ...columnOptions,
  ...snapshotReadingOptions,
  ...flowOptions,
  ...refusedOptions,
};

/** For the config spec of a connector that reads one database with schemas, whose log tells the schema. */
export const debeziumOptions = {
  ...recordShapeOptions,
  ...schemaNamingOptions,
  ...schemaFilterOptions,
  ...tableFilterOptions,
  ...columnOptions,
  ...snapshotModeOptions,
  ...snapshotReadingOptions,
  ...flowOptions,
  ...refusedOptions,
  ...refusedDatabaseLists,
  ...signalOptions,
  ...notificationOptions,
};

/** For the config spec of a connector that reads a server's databases, which have no schemas. Its snapshot modes are its own. */
export const debeziumServerOptions = {
  ...recordShapeOptions,
  ...databaseNamingOptions,
  ...databaseFilterOptions,
  ...tableFilterOptions,
  ...columnOptions,
  ...snapshotReadingOptions,
  ...flowOptions,
  ...refusedOptions,
  ...signalOptions,
  ...notificationOptions,
};

const ownPrefixes = [...refusedPrefixes, ...refusedHistoryPrefixes];

export const debeziumPatterns: readonly OptionPattern[] = [
  ...columnPatterns,
  ...snapshotPatterns,
  ...signalPatterns,
  ...refusedPatterns(ownPrefixes),
];

export const debeziumServerPatterns: readonly OptionPattern[] = [
  ...columnPatterns,
  ...snapshotPatterns,
  ...signalPatterns,
  ...refusedPatterns(refusedPrefixes),
];

/** What records are made of, resolved. */
export type RecordSettings = {
  readonly topics: TopicSettings;
  readonly schemaNames: NameAdjustmentMode;
  readonly fieldNames: NameAdjustmentMode;
  readonly columnRules: readonly ColumnRule[];
  readonly messageKeys: MessageKeys;
  readonly tombstonesOnDelete: boolean;
  readonly skippedOperations: ReadonlySet<Operation>;
  readonly skipMessagesWithoutChange: boolean;
  readonly extendedHeaders: boolean;
  /** `provide.transaction.metadata`. */
  readonly transactionMetadata: boolean;
};

export type HeartbeatSettings = {
  /** 0: no heartbeats. */
  readonly intervalMs: number;
  readonly actionQuery: string | null;
};

/** The shared part of a connector's resolved config. */
export type DebeziumConfig = {
  readonly records: RecordSettings;
  readonly filters: FilterSettings;
  readonly guardrail: Guardrail;
  readonly snapshot: SnapshotSettings;
  readonly heartbeat: HeartbeatSettings;
  readonly flow: FlowSettings;
};

/** For a spec's `check`: options with variable names, and options that do not go together. */
export function checkDebeziumOptions(raw: RawConfig, report: ConfigReport): void {
  checkRefused(raw, report, ownPrefixes);
  checkShared(raw, report);
}

/** The same for a connector with `debeziumServerOptions`. */
export function checkDebeziumServerOptions(raw: RawConfig, report: ConfigReport): void {
  checkRefused(raw, report, refusedPrefixes);
  checkShared(raw, report);
}

function checkShared(raw: RawConfig, report: ConfigReport): void {
  checkFilters(raw, report);
  checkFlow(raw, report);
  readMasks(raw, report);
}

/** For a spec's `refine`, after its `check` found no fault. `signalTable`: `signal.data.collection`, where signals are read. */
export function readDebeziumConfig(
  config: ConfigOf<typeof sharedOptions>,
  containers: FilterSettings['containers'],
  mode: SnapshotMode,
  raw: RawConfig,
  report: ConfigReport,
  signalTable: string | null = null,
): DebeziumConfig {
  return {
    ...readFilters(config, containers, signalTable),
    records: {
      topics: readTopics(config),
      schemaNames: config['schema.name.adjustment.mode'],
      fieldNames: config['sanitize.field.names'] === true ? 'avro' : config['field.name.adjustment.mode'],
      columnRules: readColumnRules(config, readMasks(raw, report)),
      messageKeys: config['message.key.columns'] ?? [],
      tombstonesOnDelete: config['tombstones.on.delete'],
      skippedOperations: readSkippedOperations(config, raw),
      skipMessagesWithoutChange: config['skip.messages.without.change'],
      extendedHeaders: config['extended.headers.enabled'],
      transactionMetadata: config['provide.transaction.metadata'],
    },
    snapshot: readSnapshot(config, mode, raw, report),
    heartbeat: { intervalMs: config['heartbeat.interval.ms'], actionQuery: config['heartbeat.action.query'] || null },
    flow: readFlow(config),
  };
}

/** What a task makes its records with. `headers`: `contextHeaders` of this task; left out where they are switched off. */
export function recordOptions(settings: RecordSettings, filters: Filters, sourceSchema: Schema, headers: readonly Header[]): RecordOptions {
  return {
    topics: topicNaming(settings.topics),
    schemaName: schemaNameAdjuster(settings.schemaNames),
    fieldName: fieldNameAdjuster(settings.fieldNames),
    sourceSchema,
    includesColumn: (id, column) => filters.includesColumn(id, column),
    columnRules: settings.columnRules,
    messageKeys: settings.messageKeys,
    tombstonesOnDelete: settings.tombstonesOnDelete,
    skippedOperations: settings.skippedOperations,
    skipMessagesWithoutChange: settings.skipMessagesWithoutChange,
    headers: settings.extendedHeaders ? headers : Object.freeze([]),
    filtered: { skipped: 0, unchanged: 0 },
    events: new EventCounts(),
  };
}
