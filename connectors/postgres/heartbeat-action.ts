import type { Logger } from '../../src/contract/index.ts';
import { HeartbeatAction } from '../debezium/heartbeat-action.ts';
import { type ConnectionSettings, connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import { disconnect } from './disconnect.ts';

/** `heartbeat.action.query` on this server; null: none. The caller disposes of it. */
export function heartbeatAction(settings: ConnectionSettings, query: string | null, logger: Logger): HeartbeatAction | null {
  if (query === null) return null;
  return new HeartbeatAction({
    query,
    connect: async () => {
      const client = await connect(settings);
      return { run: async sql => void (await client.query(sql)), close: () => disconnect(client) };
    },
    explain: thrown => databaseError(thrown, 'heartbeat.action.query'),
    logger,
  });
}
