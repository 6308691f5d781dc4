import { type EventLog, type RawConfig, SluiceError } from '../../../contract/index.ts';
import { restoreInstances } from '../runtime/saga-restoring.ts';
import type { Leading, SagaLedger, SagaStore } from '../runtime/saga-store.ts';
import { instancesTopicOf } from '../runtime/saga-topics.ts';
import { isKnown, takeOver } from './leadership.ts';
import { PostgresSagaLedger } from './postgres-saga-ledger.ts';
import { sagaPublication, sagaSlot } from './publication.ts';
import { restore } from './restoring.ts';
import { type SagaConnection, SagaSession } from './session.ts';
import { type SagaTables, sagaTables, sagaTablesSql } from './tables.ts';
import { readOffsets } from './writing.ts';

export type PostgresSagaStoreOptions = {
  /** Asked anew for every connection: what it is read from may have changed. */
  readonly connection: () => SagaConnection;
  /** How the connector that publishes reaches the same database: its options `database.*`, with `database.dbname`; placeholders may stay. */
  readonly database: RawConfig;
  /** Of the tables; made where it is not there. */
  readonly schema: string;
};

/** One process at a time makes tables. */
const preparingLock = "select pg_advisory_xact_lock(hashtextextended('sluice sagas', 0))";
const serverVersionMin = 130_000;

/**
 * Sagas in tables of PostgreSQL: a stream of events for each instance, and beside it the offsets and what is sent, in one transaction. What is sent is published by the
 * connector of the store, from the server's own log: nothing is written twice, and nothing is published that was not committed.
 */
export function postgresSagaStore({ connection, database, schema }: PostgresSagaStoreOptions): SagaStore {
  const tables = sagaTables(schema);
  const slot = sagaSlot({ database, schema });
  const open = async () => SagaSession.open(connection(), `The sagas in schema ${schema}`);
  return {
    kind: 'postgres',
    connectors: [sagaPublication({ database, schema })],
    async prepare() {
      await using session = await open();
      await makeTables(session, tables);
    },
    lead: (leading, abort) => lead(leading, tables, slot, open, abort),
  };
}

async function makeTables(session: SagaSession, tables: SagaTables): Promise<void> {
  await session.transaction('be prepared', preparingLock, async client => {
    const { rows } = await client.query<{ version: number; encoding: string; there: string | null }>(
      `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding, to_regclass($1)::text as there`,
      [tables.messages],
    );
    if ((rows[0]?.version ?? 0) < serverVersionMin) throw new SluiceError('STORE_FAILED', 'Sagas need PostgreSQL 13 or newer.');
    // Any other cannot hold every message, and the first that it cannot hold would come again for ever.
    if (rows[0]?.encoding !== 'UTF8')
      throw new SluiceError('STORE_FAILED', `Sagas need a database of encoding UTF8; this one's is ${rows[0]?.encoding}.`);
    // What is there is not touched: a role that may only write leads sagas too.
    if (!rows[0]?.there) await client.query(sagaTablesSql(tables.name));
  });
}

async function lead(
  { saga, log, workerId }: Leading,
  tables: SagaTables,
  slot: string,
  open: () => Promise<SagaSession>,
  abort: AbortSignal,
): Promise<SagaLedger> {
  const logId = await log.clusterId();
  const session = await open();
  try {
    await refuseLeftInstances(log, session, tables, saga, abort);
    const leadership = await takeOver(session, tables, { saga, log: logId, owner: workerId });
    const doing = `be read for saga ${saga}`;
    const heard = await session.run(doing, client => readOffsets(client, tables, saga));
    const instances = await session.run(doing, client => restore(client, tables, saga));
    return new PostgresSagaLedger({ tables, session, leadership, log, slot, instances, heard });
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Before the first time: instances that go on in the log's own topic would be left there for ever. Throws SluiceError CONFIG_INVALID. */
async function refuseLeftInstances(
  log: EventLog,
  session: SagaSession,
  tables: SagaTables,
  saga: string,
  abort: AbortSignal,
): Promise<void> {
  const topic = instancesTopicOf(saga);
  const [described] = await log.describeTopics([topic]);
  if (described === undefined || described.partitions.every(({ start, end }) => start === end)) return;
  if (await isKnown(session, tables, saga)) return;
  const { active } = await restoreInstances(log, topic, abort);
  if (active.size === 0) return;
  throw new SluiceError('CONFIG_INVALID', `${active.size} instances of saga ${saga} go on in the topic ${topic}, where they were begun.`, {
    remedy:
      'Let them end with services.sagas.store: log, and begin new ones under another name of the saga; or delete the topic, and they are given up.',
  });
}
