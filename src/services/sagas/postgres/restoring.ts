import { SluiceError } from '../../../contract/index.ts';
import type { SqlClient } from '../../event-store/postgres/sql-client.ts';
import { evolve, type InstanceEvent } from '../instance-event.ts';
import { sagaIdOf } from '../machine.ts';
import { SagaInstances } from '../runtime/saga-instances.ts';
import type { PinnedDefinition, SagaInstance, SagaState } from '../saga.ts';
import type { SagaTables } from './tables.ts';

/** Rows of one page: instances that go on, with their events, and ended ones, of which only what a list shows is read. */
const activePage = 200;
const endedPage = 5_000;

type HeadRow = {
  readonly id: string;
  readonly version: string;
  readonly state: SagaState;
  readonly hash: string;
  readonly started: string;
  readonly ended: string;
};
type EventRow = { readonly id: string; readonly version: string; readonly started: string; readonly event: string | null };

/** All instances of a saga: those that go on whole, page by page. Throws SluiceError STORE_FAILED where a stream is not whole. */
export async function restore(client: SqlClient, tables: SagaTables, saga: string): Promise<SagaInstances> {
  const instances = new SagaInstances();
  const { rows } = await client.query<{ hash: string; definition: string }>(
    `select hash, definition from ${tables.definitions} where saga = $1`,
    [saga],
  );
  for (const { hash, definition } of rows) instances.define({ hash, definition: JSON.parse(definition) as PinnedDefinition['definition'] });
  await restoreEnded(client, tables, saga, instances);
  await restoreActive(client, tables, saga, instances);
  return instances;
}

async function restoreEnded(client: SqlClient, tables: SagaTables, saga: string, instances: SagaInstances): Promise<void> {
  const text = `
select correlation_id as id, version::text, state, definition_hash as hash, started_at_ms::text as started, ended_at_ms::text as ended
  from ${tables.instances}
 where saga = $1 and ended_at_ms is not null and (ended_at_ms, correlation_id) > ($2::bigint, $3::text)
 order by ended_at_ms, correlation_id limit ${endedPage}`;
  for (let behind = ['-1', '']; ; ) {
    const { rows } = await client.query<HeadRow>(text, [saga, ...behind]);
    for (const { id, version, state, hash, started, ended } of rows)
      instances.putEnded({
        id: sagaIdOf(saga, id),
        state,
        version: Number(version),
        startedAtMs: Number(started),
        endedAtMs: Number(ended),
        definitionHash: hash,
        floor: 0n,
      });
    const last = rows.at(-1);
    if (last === undefined || rows.length < endedPage) return;
    behind = [last.ended, last.id];
  }
}

async function restoreActive(client: SqlClient, tables: SagaTables, saga: string, instances: SagaInstances): Promise<void> {
  const text = `
select p.correlation_id as id, p.version::text, p.started_at_ms::text as started, e.event
  from (select correlation_id, version, started_at_ms from ${tables.instances}
         where saga = $1 and ended_at_ms is null and (started_at_ms, correlation_id) > ($2::bigint, $3::text)
         order by started_at_ms, correlation_id limit ${activePage}) p
  left join ${tables.events} e on e.saga = $1 and e.correlation_id = p.correlation_id
 order by p.started_at_ms, p.correlation_id, e.version`;
  for (let behind = ['-1', '']; ; ) {
    const { rows } = await client.query<EventRow>(text, [saga, ...behind]);
    for (const stream of streamsOf(rows)) instances.put(folded(saga, stream));
    const last = rows.at(-1);
    if (last === undefined) return;
    behind = [last.started, last.id];
  }
}

/** An instance of which only the head is in memory; null where there is none. */
export async function loadInstance(
  client: SqlClient,
  tables: SagaTables,
  saga: string,
  correlationId: string,
): Promise<SagaInstance | null> {
  const { rows } = await client.query<EventRow>(
    `select i.correlation_id as id, i.version::text, i.started_at_ms::text as started, e.event
       from ${tables.instances} i left join ${tables.events} e using (saga, correlation_id)
      where i.saga = $1 and i.correlation_id = $2 order by e.version`,
    [saga, correlationId],
  );
  return rows.length === 0 ? null : folded(saga, rows);
}

function* streamsOf(rows: readonly EventRow[]): Generator<readonly EventRow[]> {
  let first = 0;
  for (let at = 1; at <= rows.length; at++) {
    if (at < rows.length && rows[at]!.id === rows[first]!.id) continue;
    yield rows.slice(first, at);
    first = at;
  }
}

function folded(saga: string, rows: readonly EventRow[]): SagaInstance {
  let instance: SagaInstance | null = null;
  for (const { event } of rows) if (event !== null) instance = evolve(instance, JSON.parse(event) as InstanceEvent);
  if (instance !== null && String(instance.version) === rows[0]!.version) return instance;
  throw new SluiceError('STORE_FAILED', `The events of saga ${sagaIdOf(saga, rows[0]!.id)} are not all in their table.`, {
    remedy: 'Restore the schema of the sagas from a copy; somebody has deleted a part.',
  });
}
