import type { Plugin, Source } from '../../src/contract/index.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { PostgresDatabase } from './database.ts';
import { type PostgresConfig, postgresSpec } from './options.ts';
import { recordMakers } from './record-makers.ts';

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
