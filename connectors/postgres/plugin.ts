import type { Plugin, Source } from '../../src/contract/index.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { capturedTables } from './captured-tables.ts';
import { PostgresDatabase } from './database.ts';
import { postgresEffects } from './option-effects.ts';
import { type PostgresConfig, postgresSpec } from './options.ts';
import { recordMakers } from './record-makers.ts';
import { SlotWatch } from './slot-watch.ts';
import { PostgresVerification } from './verification.ts';

/** Debezium's PostgreSQL connector. */
export const postgresConnector: Plugin<PostgresConfig, Source> = {
  spec: postgresSpec,
  effectOf: postgresEffects,
  captured: capturedTables,
  sourceVerification: (config, context) => new PostgresVerification(config, context),
  create(config, context) {
    const { logger, clock } = context;
    const makers = recordMakers(config, context);
    const database = new PostgresDatabase(config, makers, logger, clock);
    const { events, filtered } = makers.recordOptions;
    const { settings } = config;
    const { snapshot, flow } = config.shared;
    const coordination = {
      mode: snapshot.mode,
      limits: { recordsMax: flow.queueRecordsMax, bytesMax: flow.queueBytesMax },
      delays: { snapshotMs: snapshot.delayMs, streamingMs: snapshot.streamingDelayMs },
      notifications: makers.notifications.enabled ? makers.notifications : null,
      signals: { ...settings.signals, prefix: settings.topicPrefix },
      watch: new SlotWatch({ settings, events, filtered, client: database.client, logger, clock }),
    };
    return new CoordinatedSource(database, coordination, context.logger, () => context.clock.nowMs());
  },
};
