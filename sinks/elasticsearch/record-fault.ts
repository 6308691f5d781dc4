/**
 * A record of which no document can be made. The message completes `The record at PLACE: `, and holds no value of the row (invariant 8).
 */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
}
