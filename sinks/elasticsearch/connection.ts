import { Client, type ClientOptions } from '@elastic/elasticsearch';
import type { ConnectionSettings } from './settings.ts';

/** Node's longest timer: as good as none. */
const forEverMs = 2_147_483_647;

/** A client; it connects when it is first used. The caller closes it. Trying again is the sink's affair, so the client does not. */
export function openClient({ nodes, login, tls, compression, connectMs, readMs, idleMs }: ConnectionSettings, inFlightMax: number): Client {
  // What the client calls TLS options are those of its connections, of which the time to connect is one, with TLS or without.
  const connect = { ...tls, ...(connectMs > 0 && { timeout: connectMs }) };
  const options: ClientOptions = {
    nodes: nodes.map(url => ({ url })),
    tls: connect,
    compression,
    maxRetries: 0,
    requestTimeout: readMs > 0 ? readMs : forEverMs,
    agent: { keepAliveTimeout: Math.max(1, idleMs), keepAliveMaxTimeout: Math.max(1, idleMs), connections: inFlightMax + 1 },
    name: 'sluice',
    ...(login !== null && { auth: 'apiKey' in login ? login : { username: login.user, password: login.password } }),
  };
  return new Client(options);
}

/** The nodes as they may be shown. */
export function shownNodes({ nodes }: ConnectionSettings): string {
  return nodes.map(({ origin }) => origin).join(', ');
}
