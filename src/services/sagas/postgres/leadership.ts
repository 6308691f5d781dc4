import pg from 'pg';
import { SluiceError } from '../../../contract/index.ts';
import type { SagaSession } from './session.ts';
import type { SagaTables } from './tables.ts';

/** Who leads a saga: the latest to have taken it over. */
export type Leadership = { readonly saga: string; readonly epoch: string };

/**
 * Takes a saga over. From here on every transaction of the former leader fails (`fence`); one that is under way is waited for. Throws SluiceError CONFIG_INVALID where the
 * saga hears another log: its offsets mean nothing here.
 */
export async function takeOver(
  session: SagaSession,
  tables: SagaTables,
  { saga, log, owner }: { readonly saga: string; readonly log: string; readonly owner: string },
): Promise<Leadership> {
  const { rows } = await session.run(`have saga ${saga} taken over`, client =>
    client.query<{ epoch: string }>(
      `insert into ${tables.owners} as o (saga, epoch, log, owner) values ($1, 1, $2, $3)
       on conflict (saga) do update set epoch = o.epoch + 1, owner = excluded.owner, since = now() where o.log = excluded.log
       returning epoch::text`,
      [saga, log, owner],
    ),
  );
  const [row] = rows;
  if (row !== undefined) return { saga, epoch: row.epoch };
  throw new SluiceError('CONFIG_INVALID', `Saga ${saga} in schema ${tables.name} hears another log than this worker's (${log}).`, {
    remedy:
      'Give the sagas of each log a schema of their own (services.sagas.database.schema). Where the former log is gone for good, set the column log of the ' +
      'saga’s row in the table owners to this one: it begins there by start.from.',
  });
}

/** Whether a saga has ever been led here. */
export async function isKnown(session: SagaSession, tables: SagaTables, saga: string): Promise<boolean> {
  const { rows } = await session.run(`look for saga ${saga}`, client =>
    client.query(`select 1 from ${tables.owners} where saga = $1`, [saga]),
  );
  return rows.length > 0;
}

/** The first statement of every transaction of a leader: holds the row until its end, so that who takes over waits. No row: another leads by now. */
export function fence(tables: SagaTables, { saga, epoch }: Leadership): string {
  return `select 1 as leads from ${tables.owners} where saga = ${pg.escapeLiteral(saga)} and epoch = ${epoch} for share`;
}

export function fenced({ saga }: Leadership): SluiceError {
  return new SluiceError('FENCED', `Another worker leads saga ${saga} by now: nothing more is stored here.`);
}
