import type { Plugin, PluginContext, Source } from '../../src/contract/index.ts';
import { contextHeaders, uuidVersion7 } from '../debezium/context-headers.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { EventCounts } from '../debezium/event-counts.ts';
import { Heartbeat } from '../debezium/heartbeat.ts';
import { schemaNameAdjuster } from '../debezium/name-adjustment.ts';
import { Notifications } from '../debezium/notifications/notifications.ts';
import { topicNaming } from '../debezium/topic-naming.ts';
import { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import { capturedTables } from './captured-tables.ts';
import { MongoDatabase } from './database.ts';
import { ExtendedJson } from './json/extended-json.ts';
import { OplogWatch } from './oplog-watch.ts';
import { mongodbEffects } from './option-effects.ts';
import { type MongoConfig, mongoSpec } from './options.ts';
import type { RecordMakers } from './settings.ts';
import { SourceInfo } from './source-info.ts';
import { MongoVerification } from './verification.ts';

/** What makes the records of one run of a task: made anew at every start, which is a run of its own in the headers. */
function recordMakers(config: MongoConfig, { task, clock, logger }: PluginContext): RecordMakers {
  const { prefix } = config.topics;
  const nowMs = clock.nowMs();
  const topics = topicNaming(config.topics);
  const schemaName = schemaNameAdjuster(config.schemaNames);
  const headers = contextHeaders({ logicalName: prefix, task, connectorName: 'mongodb', runId: uuidVersion7(nowMs) });
  return {
    records: {
      topics,
      schemaName,
      sourceInfo: new SourceInfo(prefix, schemaName),
      forms: {
        key: new ExtendedJson({ dialect: 'relaxed', compact: true }),
        document: new ExtendedJson(config.forms.document),
        update: new ExtendedJson(config.forms.update),
      },
      tombstonesOnDelete: config.tombstonesOnDelete,
      headers: config.extendedHeaders ? headers : Object.freeze([]),
      events: new EventCounts(),
    },
    metadata: config.transactionMetadata ? new TransactionMetadata(topics.transactionTopic, schemaName) : null,
    heartbeat: new Heartbeat(topics.heartbeatTopic, prefix, config.heartbeatIntervalMs, schemaName, nowMs),
    notifications: new Notifications(config.settings.notifications, prefix, clock, logger),
    clock,
    logger,
  };
}

/** Debezium's MongoDB connector. */
export const mongodbConnector: Plugin<MongoConfig, Source> = {
  spec: mongoSpec,
  effectOf: mongodbEffects,
  captured: capturedTables,
  sourceVerification: (config, context) => new MongoVerification(config.settings, recordMakers(config, context)),
  create(config, context) {
    const makers = recordMakers(config, context);
    const database = new MongoDatabase(config.settings, makers, config.guardrail);
    const { settings } = config;
    const { snapshot, flow } = config;
    const coordination = {
      mode: snapshot.mode,
      limits: { recordsMax: flow.queueRecordsMax, bytesMax: flow.queueBytesMax },
      delays: { snapshotMs: snapshot.delayMs, streamingMs: snapshot.streamingDelayMs },
      notifications: makers.notifications.enabled ? makers.notifications : null,
      signals: { ...settings.signals, prefix: settings.topicPrefix },
      watch: new OplogWatch({ settings, events: makers.records.events, client: database.client, clock: context.clock }),
    };
    return new CoordinatedSource(database, coordination, context.logger, () => context.clock.nowMs());
  },
};
