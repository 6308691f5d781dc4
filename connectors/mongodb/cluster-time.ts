import { Timestamp } from 'mongodb';
import { bsonType, findElement, stringAt } from './bson/elements.ts';

/** A cluster time: seconds since 1970, and the number within that second. */
export type ClusterTime = { readonly seconds: number; readonly increment: number };

/** The same as one number that compares as times do. */
export function timeNumber({ seconds, increment }: ClusterTime): bigint {
  return (BigInt(seconds) << 32n) | BigInt(increment);
}

export function timestampOf(time: bigint): Timestamp {
  return new Timestamp({ t: Number(time >> 32n), i: Number(time & 0xffffffffn) });
}

/** KeyString’s type of a timestamp, which a resume token begins with (Debezium’s ResumeTokens). */
const keyStringTimestamp = 0x82;
/** What else a token may hold tells no second of this century. */
const secondsMin = 1_000_000_000;

/**
 * The cluster time in a resume token. Its text is MongoDB's KeyString in hexadecimal, whose first element it is: seconds and increment, high bytes
 * first. null: the token is of another form.
 */
export function tokenTime(token: Buffer): ClusterTime | null {
  const data = findElement(token, 0, '_data');
  if (data === null || data.type !== bsonType.string) return null;
  const bytes = Buffer.from(stringAt(token, data.at).slice(0, 18), 'hex');
  if (bytes.length < 9 || bytes[0] !== keyStringTimestamp || bytes.readUInt32BE(1) < secondsMin) return null;
  return { seconds: bytes.readUInt32BE(1), increment: bytes.readUInt32BE(5) };
}
