import type pg from 'pg';
import type { Logger, SluiceError } from '../../src/contract/index.ts';
import { watchGuardrail } from '../debezium/filters.ts';
import type { CatalogTable } from './catalog.ts';
import type { PostgresConfig } from './options.ts';
import { preparePublication } from './publication.ts';
import { changeReplicaIdentities } from './replica-identity.ts';
import { requireLogicalLog, type Slot, slotFault } from './slot.ts';
import type { Tables } from './tables.ts';

export type PreparationParts = {
  readonly client: pg.Client;
  readonly tables: Tables;
  readonly logger: Logger;
  warn(message: string): void;
};

/** What streaming is about to work with. */
export type Prepared = {
  readonly captured: readonly CatalogTable[];
  /** The slot that is there is of no use to anybody, and a new one may be made in its place; null: it can be used, or there is none. */
  readonly lost: SluiceError | null;
};

/**
 * Brings publication and replica identities in order, for a slot that exists or is to be made. Throws what keeps the connector from streaming: WAL_LEVEL, and the
 * slot's faults but SLOT_LOST, since that a new one may be made was decided already.
 */
export async function prepareStreaming(
  config: PostgresConfig,
  { client, tables, logger, warn }: PreparationParts,
  existing: Slot | null,
): Promise<Prepared> {
  const { connection, slot, publication } = config.settings;
  await requireLogicalLog(client);
  const fault = existing && slotFault(slot.name, existing, connection.database);
  if (fault && fault.code !== 'SLOT_LOST') throw fault;
  const captured = await tables.list();
  watchGuardrail(config.shared.guardrail, captured.length, logger);
  await changeReplicaIdentities(client, config.replicaIdentities, captured, logger);
  const ids = captured.map(({ id }) => id);
  for (const message of await preparePublication(client, publication, ids, logger)) warn(message);
  return { captured, lost: fault };
}
