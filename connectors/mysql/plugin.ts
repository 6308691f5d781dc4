import type { ConfigSpec, Plugin, Source } from '../../src/contract/index.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { BinlogWatch } from './binlog-watch.ts';
import { capturedTables } from './captured-tables.ts';
import { MysqlDatabase } from './database.ts';
import { mysqlEffects } from './option-effects.ts';
import { type MysqlConfig, mariadbSpec, mysqlSpec } from './options.ts';
import { recordMakers } from './record-makers.ts';
import { MysqlVerification } from './verification.ts';

function connector(spec: ConfigSpec<MysqlConfig>): Plugin<MysqlConfig, Source> {
  return {
    spec,
    effectOf: mysqlEffects,
    captured: capturedTables,
    sourceVerification: (config, context) => new MysqlVerification(config, context),
    create(config, context) {
      const makers = recordMakers(config, context);
      const database = new MysqlDatabase(config, makers, context.logger, context.clock);
      const { events, filtered } = makers.recordOptions;
      const { snapshot, flow } = config.shared;
      const coordination = {
        mode: snapshot.mode,
        limits: { recordsMax: flow.queueRecordsMax, bytesMax: flow.queueBytesMax },
        delays: { snapshotMs: snapshot.delayMs, streamingMs: snapshot.streamingDelayMs },
        notifications: makers.notifications.enabled ? makers.notifications : null,
        signals: { ...config.settings.signals, prefix: config.settings.topicPrefix },
        watch: new BinlogWatch({ settings: config.settings, events, filtered, clock: context.clock }),
      };
      return new CoordinatedSource(database, coordination, context.logger, () => context.clock.nowMs());
    },
  };
}

/** Debezium's MySQL connector. */
export const mysqlConnector = connector(mysqlSpec);

/** Debezium's MariaDB connector. */
export const mariadbConnector = connector(mariadbSpec);
