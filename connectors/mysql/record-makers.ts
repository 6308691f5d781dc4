import type { PluginContext } from '../../src/contract/index.ts';
import { contextHeaders, uuidVersion7 } from '../debezium/context-headers.ts';
import { Heartbeat } from '../debezium/heartbeat.ts';
import { Notifications } from '../debezium/notifications/notifications.ts';
import { recordOptions } from '../debezium/options.ts';
import { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import type { MysqlConfig } from './options.ts';
import { SchemaChangeRecords } from './schema-change-records.ts';
import type { RecordMakers } from './settings.ts';
import { SourceInfo } from './source-info.ts';

/** What makes the records of one run of a task: made anew at every start, which is a run of its own in the headers. */
export function recordMakers(config: MysqlConfig, { task, clock, logger }: Pick<PluginContext, 'task' | 'clock' | 'logger'>): RecordMakers {
  const { records, heartbeat } = config.shared;
  const { flavor, history } = config.settings;
  const { prefix } = records.topics;
  const nowMs = clock.nowMs();
  const headers = contextHeaders({ logicalName: prefix, task, connectorName: flavor, runId: uuidVersion7(nowMs) });
  const sourceInfo = new SourceInfo(flavor, prefix);
  const made = recordOptions(records, config.filters, sourceInfo.schema, headers);
  const { heartbeatTopic, transactionTopic } = made.topics;
  const changes = { connector: flavor, topic: prefix, sourceSchema: sourceInfo.schema, schemaName: made.schemaName, headers: made.headers };
  return {
    valueOptions: config.values,
    recordOptions: made,
    includesTable: id => config.filters.includesTable(id),
    includesDatabase: database => config.filters.includesContainer(database),
    inSnapshotOrder: tables => config.filters.inSnapshotOrder(tables),
    sourceInfo,
    schemaChanges: history.published ? new SchemaChangeRecords(changes) : null,
    metadata: records.transactionMetadata ? new TransactionMetadata(transactionTopic, made.schemaName) : null,
    heartbeat: new Heartbeat(heartbeatTopic, prefix, heartbeat.intervalMs, made.schemaName, nowMs),
    notifications: new Notifications(config.settings.notifications, prefix, clock, logger),
  };
}
