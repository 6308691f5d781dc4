import type { PluginContext } from '../../src/contract/index.ts';
import { contextHeaders, uuidVersion7 } from '../debezium/context-headers.ts';
import { Heartbeat } from '../debezium/heartbeat.ts';
import { Notifications } from '../debezium/notifications/notifications.ts';
import { recordOptions } from '../debezium/options.ts';
import { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import { LogicalMessages } from './logical-message.ts';
import type { PostgresConfig } from './options.ts';
import type { RecordMakers } from './settings.ts';
import { SourceInfo, sourceSchema } from './source-info.ts';

/** What makes the records of one run of a task: made anew at every start, which is a run of its own in the headers. */
export function recordMakers(
  config: PostgresConfig,
  { task, clock, logger }: Pick<PluginContext, 'task' | 'clock' | 'logger'>,
): RecordMakers {
  const { records, heartbeat } = config.shared;
  const { prefix } = records.topics;
  const nowMs = clock.nowMs();
  const headers = contextHeaders({ logicalName: prefix, task, connectorName: 'postgresql', runId: uuidVersion7(nowMs) });
  const made = recordOptions(records, config.filters, sourceSchema, headers);
  const { heartbeatTopic, messageTopic, transactionTopic } = made.topics;
  return {
    valueOptions: config.values,
    recordOptions: made,
    includesTable: id => config.filters.includesTable(id),
    inSnapshotOrder: tables => config.filters.inSnapshotOrder(tables),
    sourceInfo: new SourceInfo(prefix, config.settings.connection.database),
    messages: new LogicalMessages(messageTopic, config.values.binaryHandlingMode, made.schemaName),
    includesMessage: config.includesMessage,
    metadata: records.transactionMetadata ? new TransactionMetadata(transactionTopic, made.schemaName) : null,
    heartbeat: new Heartbeat(heartbeatTopic, prefix, heartbeat.intervalMs, made.schemaName, nowMs),
    notifications: new Notifications(config.settings.notifications, prefix, clock, logger),
  };
}
