import { randomBytes } from 'node:crypto';
import { newDaemon, type WorkerSettings } from '../../../support/daemon.ts';
import { EventStoreDaemon } from './killed-store.ts';

/** A daemon, not started, whose event store is to lie in a database that is not there yet; and the worker's settings that say so. */
export async function newPostgresEventStoreDaemon(
  server: { readonly url: string },
  more: WorkerSettings = {},
): Promise<{ readonly store: EventStoreDaemon; readonly database: string; readonly settings: WorkerSettings }> {
  const database = `hosted_${randomBytes(4).toString('hex')}`;
  const { hostname, port, username, password } = new URL(server.url);
  const settings = {
    'services.event-store.store': 'postgres',
    'services.event-store.database.hostname': hostname,
    'services.event-store.database.port': port,
    'services.event-store.database.user': decodeURIComponent(username),
    'services.event-store.database.password': '${env:EVENTS_PASSWORD}',
    'services.event-store.database.dbname': database,
    'services.event-store.database.schema': 'orders',
    ...more,
  };
  const daemon = await newDaemon(settings, { EVENTS_PASSWORD: decodeURIComponent(password) || 'unused' });
  return { store: new EventStoreDaemon(daemon), database, settings };
}
