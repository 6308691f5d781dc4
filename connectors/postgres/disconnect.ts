import type { Socket } from 'node:net';
import type pg from 'pg';

/** What of pg's client is used: its socket, which its types do not name. */
type ClientWithSocket = pg.Client & { readonly connection: { readonly stream: Socket } };

/** So long a server may take to answer the goodbye. */
const goodbyeMsMax = 1_000;

/** Ends a connection: politely, and where the server has fallen silent by closing the socket. Never rejects. */
export async function disconnect(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => (client as ClientWithSocket).connection.stream.destroy(), goodbyeMsMax);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
