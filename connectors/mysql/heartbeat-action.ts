import type { Logger } from '../../src/contract/index.ts';
import { HeartbeatAction } from '../debezium/heartbeat-action.ts';
import { type ConnectionSettings, connect, disconnect, query } from './connection.ts';
import { databaseError } from './database-error.ts';

/** `heartbeat.action.query` on this server. The caller disposes of it. */
export function heartbeatAction(settings: ConnectionSettings, sql: string, logger: Logger): HeartbeatAction {
  return new HeartbeatAction({
    query: sql,
    connect: async () => {
      const client = await connect(settings);
      return { run: async statement => void (await query(client, statement)), close: () => disconnect(client) };
    },
    explain: thrown => databaseError(thrown, 'heartbeat.action.query'),
    logger,
  });
}
