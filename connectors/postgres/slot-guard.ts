import { type DatabaseReading, SluiceError } from '../../src/contract/index.ts';

/** How much WAL a slot may hold back; null: as much as there is. */
export type SlotGuard = {
  readonly warnBytes: number | null;
  readonly limitBytes: number | null;
  /** At the limit the slot is given up. */
  readonly givesUp: boolean;
  /** A gap is closed by reading the tables again beside the stream. */
  readonly heals: boolean;
  /** A task that ran when its slot was given up is started again by itself. */
  readonly healsByItself: boolean;
  /** Of the limit: incremental snapshots wait while the slot holds more back. */
  readonly snapshotPercent: number;
};

/** What the guard says of a slot that holds so much. Its texts name no figure that changes, so that each is told once. */
export function guardSlot(
  name: string,
  { warnBytes, limitBytes, givesUp, heals }: SlotGuard,
  { heldBytes, walStatus }: { readonly heldBytes: number; readonly walStatus: string | null },
): Pick<DatabaseReading, 'warnings' | 'givingUp'> {
  const atLimit = limitBytes !== null && heldBytes >= limitBytes;
  const warnings: string[] = [];
  if (atLimit) warnings.push(`The replication slot "${name}" holds ${limitBytes} bytes of WAL or more back (slot.guard.limit.bytes).`);
  else if (warnBytes !== null && heldBytes >= warnBytes)
    warnings.push(`The replication slot "${name}" holds ${warnBytes} bytes of WAL or more back (slot.guard.warn.bytes).`);
  if (walStatus === 'unreserved')
    warnings.push(`The replication slot "${name}" needs WAL that the server removes with its next checkpoint (wal_status is unreserved).`);
  if (walStatus === 'lost')
    warnings.push(`The replication slot "${name}" has lost WAL that it needs (wal_status is lost): its task cannot go on from here.`);
  return { warnings, givingUp: atLimit && givesUp ? givenUp(name, limitBytes, heals) : null };
}

function givenUp(name: string, limitBytes: number, heals: boolean): SluiceError {
  return new SluiceError(
    'SLOT_GIVEN_UP',
    `The replication slot "${name}" held ${limitBytes} bytes of WAL or more back (slot.guard.limit.bytes) and was given up: the changes since the stored offset are missing.`,
    {
      remedy: heals
        ? 'See why they were not read in time. Once the task is started again it streams from a new slot and reads the tables again beside that (slot.guard.heal=incremental).'
        : 'See why they were not read in time. Then set slot.guard.heal=incremental, or snapshot.mode=when_needed, and restart the task: it makes a new slot, and reads the tables again beside the stream, or before it.',
    },
  );
}
