import type { Plugin, PluginContext, Source } from '../../src/contract/index.ts';
import { contextHeaders, uuidVersion7 } from '../debezium/context-headers.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { Heartbeat } from '../debezium/heartbeat.ts';
import { recordOptions } from '../debezium/options.ts';
import { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import { PostgresDatabase } from './database.ts';
import { LogicalMessages } from './logical-message.ts';
import { type PostgresConfig, postgresSpec } from './options.ts';
import type { RecordMakers } from './settings.ts';
import { SourceInfo, sourceSchema } from './source-info.ts';

function recordMakers(
  { shared, filters, settings, values, includesMessage }: PostgresConfig,
  { task, clock }: PluginContext,
): RecordMakers {
  const { records, heartbeat } = shared;
  const logicalName = settings.topicPrefix;
  const runId = uuidVersion7(clock.nowMs());
  const made = recordOptions(records, filters, sourceSchema, contextHeaders({ logicalName, task, connectorName: 'postgresql', runId }));
  return {
    valueOptions: values,
    recordOptions: made,
    includesTable: id => filters.includesTable(id),
    sourceInfo: new SourceInfo(logicalName, settings.connection.database),
    messages: new LogicalMessages(made.topics.messageTopic, values.binaryHandlingMode, made.schemaName),
    includesMessage,
    metadata: records.transactionMetadata ? new TransactionMetadata(made.topics.transactionTopic, made.schemaName) : null,
    heartbeat: new Heartbeat(made.topics.heartbeatTopic, logicalName, heartbeat.intervalMs, made.schemaName, clock.nowMs()),
  };
}

/** Debezium's PostgreSQL connector. */
export const postgresConnector: Plugin<PostgresConfig, Source> = {
  spec: postgresSpec,
  create(config, context) {
    const database = new PostgresDatabase(config, recordMakers(config, context), context.logger, context.clock);
    const { snapshot, flow } = config.shared;
    const coordination = {
      mode: snapshot.mode,
      limits: { recordsMax: flow.queueRecordsMax, bytesMax: flow.queueBytesMax },
      delays: { snapshotMs: snapshot.delayMs, streamingMs: snapshot.streamingDelayMs },
    };
    return new CoordinatedSource(database, coordination, context.logger, () => context.clock.nowMs());
  },
};
