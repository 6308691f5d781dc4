import { MongoClient, type MongoClientOptions } from 'mongodb';
import { SluiceError } from '../../src/contract/index.ts';
import { databaseError } from './database-error.ts';

/** How to reach the server: `mongodb.*`. Holds the password: never print it. */
export type ConnectionSettings = {
  readonly connectionString: string;
  readonly options: MongoClientOptions;
};

/** The servers' names, without credentials, for messages. */
export function shownHosts({ connectionString }: ConnectionSettings): string {
  const rest = connectionString.replace(/^mongodb(?:\+srv)?:\/\//, '');
  const authority = rest.split(/[/?]/)[0] ?? '';
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** A cursor lives in one mongos, and the driver asks any of those that are named. */
function severalRouters(settings: ConnectionSettings): SluiceError {
  return new SluiceError('CONFIG_INVALID', `${shownHosts(settings)} are several mongos of a sharded cluster.`, {
    remedy: 'Name one of them in mongodb.connection.string (with mongodb+srv: add srvMaxHosts=1).',
  });
}

/** What there is behind a connection: one oplog (no sharded cluster), and whether reads go to one member, the primary. */
export async function servers(client: MongoClient): Promise<{ readonly oneOplog: boolean; readonly sameMember: boolean }> {
  const { msg } = await client
    .db('admin')
    .command({ hello: 1 })
    .catch(error => Promise.reject(databaseError(error, 'Asking the server')));
  return { oneOplog: msg !== 'isdbgrid', sameMember: client.readPreference.mode === 'primary' };
}

/** Connects, and asks the server once so that a wrong password shows now. */
export async function connect(settings: ConnectionSettings, abort: AbortSignal): Promise<MongoClient> {
  const client = new MongoClient(settings.connectionString, settings.options);
  const close = () => void client.close().catch(() => {});
  abort.addEventListener('abort', close, { once: true });
  try {
    await client.connect();
    const { msg } = await client.db('admin').command({ hello: 1 });
    if (msg === 'isdbgrid' && client.options.hosts.length > 1) throw severalRouters(settings);
    return client;
  } catch (error) {
    await client.close().catch(() => {});
    throw databaseError(error, `Connecting to ${shownHosts(settings)}`);
  } finally {
    abort.removeEventListener('abort', close);
  }
}
