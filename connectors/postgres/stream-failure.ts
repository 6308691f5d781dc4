import type pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { quoteLiteral } from './connection.ts';
import type { ServerError } from './database-error.ts';
import { lostSlot, missingSlot } from './lost-position.ts';
import { findSlot } from './slot.ts';

/** What a stream is read through. */
export type StreamNames = { readonly slot: string; readonly publication: string; readonly database: string };

/** SQLSTATEs with which pgoutput tells that a publication was not there when a change was made: undefined_object, and in a warning object_not_in_prerequisite_state. */
const undefinedObject = '42704';
const notInPrerequisiteState = '55000';

/**
 * pgoutput looks the publication up as it was when a change was made, so one made anew brings nothing back. Servers before 18 end the
 * stream there, each time again; newer ones warn and leave the changes out.
 */
export function unpublishedChanges({ slot, publication }: StreamNames): SluiceError {
  return new SluiceError(
    'PUBLICATION_MISSING',
    `Changes were made while the publication "${publication}" did not exist: the replication slot "${slot}" does not bring them.`,
    {
      remedy:
        `See that the publication exists, drop the slot (SELECT pg_drop_replication_slot(${quoteLiteral(slot)})), set ` +
        'snapshot.mode=when_needed, which then takes a new snapshot, and restart the task.',
    },
  );
}

/** Whether a server's warning is of changes left out. */
export function tellsOfUnpublishedChanges({ code }: ServerError): boolean {
  return code === notInPrerequisiteState;
}

/** What the server ended a stream with, told by what has become of slot and publication; the error itself where that says nothing. */
export async function explainStreamFailure(error: SluiceError, client: pg.Client, names: StreamNames): Promise<SluiceError> {
  if (error.code !== 'DATABASE_FAILED') return error;
  try {
    const slot = await findSlot(client, names.slot);
    if (!slot) return missingSlot(names.slot);
    const lost = lostSlot(names.slot, slot, names.database);
    if (lost) return lost;
  } catch {
    return error; // the other connection is gone too: the error stands as it came
  }
  const { code } = (error.cause ?? {}) as { code?: string };
  return code === undefinedObject ? unpublishedChanges(names) : error;
}

/** Heeds the server's notices: that changes are not published is an error where they are owed, else told. */
export function heedNotices(
  names: Parameters<typeof unpublishedChanges>[0],
  areOwed: () => boolean,
  tell: (message: string) => void,
): (notice: ServerError) => void {
  return notice => {
    if (!tellsOfUnpublishedChanges(notice)) return;
    if (areOwed()) throw unpublishedChanges(names);
    tell(unpublishedChanges(names).message);
  };
}
