import type { ConnectRecord, Struct } from '../../src/contract/index.ts';
import type { CapturedTable, EventContext } from './captured-table.ts';
import { instantOf } from './envelope.ts';
import type { Row } from './table.ts';

/** Two moments at which a row might have been published, far enough from each other in everything that a record tells of its moment. */
export type TwoMoments = { readonly snapshot: Struct; readonly later: Struct };

/** Between the two moments, in nanoseconds: other milliseconds, microseconds and nanoseconds. */
export const betweenNs = 1_001_001_001n;

/**
 * Rows as a snapshot publishes them (null for one of a kind that the connector skips in all its forms), and the first one once more, as a change of a
 * later moment: see `VerifiableRange.echo`.
 */
export function verifiableRecords(
  captured: CapturedTable,
  rows: readonly Row[],
  { snapshot, later }: TwoMoments,
  nowNs: bigint,
): { readonly records: readonly (ConnectRecord | null)[]; readonly echo: ConnectRecord | null } {
  const context: EventContext = { source: snapshot, at: instantOf(nowNs), transaction: null };
  const records = rows.map(row => recordOf(captured, row, context, ['read', 'create', 'update']));
  const [first] = rows;
  const other: EventContext = { source: later, at: instantOf(nowNs + betweenNs), transaction: null };
  return { records, echo: first === undefined ? null : recordOf(captured, first, other, ['update', 'create', 'read']) };
}

/** A row as the first of these kinds of events that the connector does not skip. */
function recordOf(
  captured: CapturedTable,
  row: Row,
  context: EventContext,
  kinds: readonly ('read' | 'create' | 'update')[],
): ConnectRecord | null {
  const out: ConnectRecord[] = [];
  for (const kind of kinds) {
    if (kind === 'read') captured.emitRead(out, row, context);
    else if (kind === 'create') captured.emitCreate(out, row, context);
    else captured.emitUpdate(out, null, row, context);
    if (out[0] !== undefined) return out[0];
  }
  return null;
}
