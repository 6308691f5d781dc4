import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { type Listener, type LivenessTimings, watchLiveness } from '../debezium/liveness.ts';
import { query } from './connection.ts';
import { breakOff } from './disconnect.ts';

const threadIds = new WeakMap<Connection, number>();

/** The server's thread behind a connection; behind a proxy it may not be the one named at the login. */
async function threadIdOf(client: Connection): Promise<number> {
  const known = threadIds.get(client);
  if (known !== undefined) return known;
  const [row] = await query(client, 'SELECT CONNECTION_ID() AS id');
  const id = Number(row?.['id']);
  threadIds.set(client, id);
  return id;
}

/** Whether the server still serves a thread of this user: without the right PROCESS a user sees all of its own, and no others. */
async function serves(control: Connection, threadId: number): Promise<boolean> {
  try {
    return (await query(control, 'SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ?', [threadId])).length > 0;
  } catch (error) {
    // A server that refuses the question is there, and does not say more.
    if (error instanceof SluiceError && error.code !== 'DATABASE_UNAVAILABLE') return true;
    throw error;
  }
}

/**
 * Watches a connection from which nothing may come for long (`watchLiveness`): the server is asked whether its thread still lives.
 * @param client idle now, and no later than that busy with what is listened to
 * @param control an ordinary connection of the same user to the same server, which has nothing long to do meanwhile
 */
export async function watchThread(
  client: Connection,
  control: Connection,
  listener: () => Listener | null,
  timings?: LivenessTimings,
): Promise<Disposable> {
  const threadId = await threadIdOf(client);
  return watchLiveness({ listener, ask: () => serves(control, threadId), breakOff: reason => breakOff(client, reason) }, timings);
}

/** A statement that may wait for others' locks, as long as they are held, but not for a server that is not there any more. */
export async function patiently<T>(
  client: Connection,
  control: Connection,
  statement: () => Promise<T>,
  timings?: LivenessTimings,
): Promise<T> {
  const answer = { waiting: true, heard: 0 };
  using _ = await watchThread(client, control, () => answer, timings);
  return await statement();
}
