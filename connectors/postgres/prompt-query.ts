import type pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { nothingCameFor } from '../debezium/liveness.ts';
import { breakOff } from './disconnect.ts';

/** So long a server may take to answer what reads its catalog, or nothing, and waits for no lock. */
const answerMsMax = 30_000;

/**
 * A statement in the midst of a stream, which waits for its answer: where none comes the network is dead, and the client is broken off. Nobody
 * else would notice, since a stream that does not listen hears nothing by right. Rejects with DATABASE_UNAVAILABLE then, else as the client's query does.
 */
export async function promptQuery(client: pg.Client, statement: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
  let silent: SluiceError | null = null;
  const timer = setTimeout(() => {
    silent = new SluiceError('DATABASE_UNAVAILABLE', `The connection to the database was lost: ${nothingCameFor(answerMsMax)}`);
    breakOff(client, silent);
  }, answerMsMax);
  try {
    return await client.query(statement, [...values]);
  } catch (error) {
    throw silent ?? error;
  } finally {
    clearTimeout(timer);
  }
}
