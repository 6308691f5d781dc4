import type { ConfigSpec, Plugin, Source } from '../../src/contract/index.ts';
import { CoordinatedSource } from '../debezium/coordinator.ts';
import { MysqlDatabase } from './database.ts';
import { type MysqlConfig, mariadbSpec, mysqlSpec } from './options.ts';
import { recordMakers } from './record-makers.ts';

function connector(spec: ConfigSpec<MysqlConfig>): Plugin<MysqlConfig, Source> {
  return {
    spec,
    create(config, context) {
      const database = new MysqlDatabase(config, recordMakers(config, context), context.logger, context.clock);
      const { snapshot, flow } = config.shared;
      const coordination = {
        mode: snapshot.mode,
        limits: { recordsMax: flow.queueRecordsMax, bytesMax: flow.queueBytesMax },
        delays: { snapshotMs: snapshot.delayMs, streamingMs: snapshot.streamingDelayMs },
      };
      return new CoordinatedSource(database, coordination, context.logger, () => context.clock.nowMs());
    },
  };
}

/** Debezium's MySQL connector. */
export const mysqlConnector = connector(mysqlSpec);

/** Debezium's MariaDB connector. */
export const mariadbConnector = connector(mariadbSpec);
