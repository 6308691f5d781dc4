import type { ConfigOf, ConfigReport, Header, OptionPattern, RawConfig, Schema } from '../../src/contract/index.ts';
import type { ColumnRule } from './column-rules.ts';
import type { Operation } from './envelope.ts';
import type { FilterSettings, Filters, Guardrail } from './filters.ts';
import type { MessageKeys } from './message-keys.ts';
import { fieldNameAdjuster, type NameAdjustmentMode, schemaNameAdjuster } from './name-adjustment.ts';
import { columnOptions, columnPatterns, readColumnRules, readMasks } from './options/column-options.ts';
import { checkFilters, filterOptions, readFilters } from './options/filter-options.ts';
import { checkFlow, type FlowSettings, flowOptions, readFlow } from './options/flow-options.ts';
import { readSkippedOperations, readTopics, recordShapeOptions } from './options/record-shape-options.ts';
import { checkRefused, refusedOptions, refusedPatterns } from './options/refused-options.ts';
import { readSnapshot, type SnapshotSettings, snapshotOptions, snapshotPatterns } from './options/snapshot-options.ts';
import type { RecordOptions } from './record-options.ts';
import { schemaTopicNaming, type TopicSettings } from './topic-naming.ts';

/** The options that Debezium's relational connectors share, for a connector's config spec. */
export const debeziumOptions = {
  ...recordShapeOptions,
  ...filterOptions,
  ...columnOptions,
  ...snapshotOptions,
  ...flowOptions,
  ...refusedOptions,
};

export const debeziumPatterns: readonly OptionPattern[] = [...columnPatterns, ...snapshotPatterns, ...refusedPatterns];

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
  checkRefused(raw, report);
  checkFilters(raw, report);
  checkFlow(raw, report);
  readMasks(raw, report);
}

/** For a spec's `refine`, after `checkDebeziumOptions` found no fault. */
export function readDebeziumConfig(config: ConfigOf<typeof debeziumOptions>, raw: RawConfig, report: ConfigReport): DebeziumConfig {
  return {
    ...readFilters(config),
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
    snapshot: readSnapshot(config, raw, report),
    heartbeat: { intervalMs: config['heartbeat.interval.ms'], actionQuery: config['heartbeat.action.query'] || null },
    flow: readFlow(config),
  };
}

/** What a task makes its records with. `headers`: `contextHeaders` of this task; left out where they are switched off. */
export function recordOptions(settings: RecordSettings, filters: Filters, sourceSchema: Schema, headers: readonly Header[]): RecordOptions {
  return {
    topics: schemaTopicNaming(settings.topics),
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
  };
}
