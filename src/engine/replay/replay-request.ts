import { nearest, SluiceError } from '../../contract/index.ts';
import { type GivenPlace, type ReplayPlace, readPlace } from './replay-place.ts';

/** A replay as it was asked for: what is stored of it, and shown. */
export type ReplayRequest = {
  readonly from: GivenPlace;
  readonly to: GivenPlace;
  /** Tables or topics; null: all that the sink consumes. */
  readonly tables: readonly string[] | null;
  /** Keys as JSON texts, or the values of keys that have one column; null: all. */
  readonly keys: readonly string[] | null;
  /** Records a second; null: as fast as the target takes them. */
  readonly rate: number | null;
};

/** The most keys of one replay: each record's key is held against all of them. */
const keysMax = 1000;
/** The most tables of one replay. */
const tablesMax = 1000;
const rateMax = 10_000_000;
const known = ['from', 'to', 'tables', 'keys', 'rate', 'dryRun'];

function refuse(message: string): SluiceError {
  return new SluiceError('BAD_REQUEST', message, { remedy: 'docs/replay.md shows what a replay takes.' });
}

/** Reads the body of a request (JSON; integers that a number cannot hold as bigint). Throws SluiceError BAD_REQUEST that names the field. */
export function readReplayRequest(body: unknown): { readonly request: ReplayRequest; readonly dryRun: boolean } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse('A replay is asked for by a JSON object.');
  const given = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find(name => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw refuse(`A replay has no '${unknown}'${near ? `; did you mean '${near}'?` : ` (it has ${known.join(', ')}).`}`);
  }
  if (given['from'] === undefined || given['from'] === null)
    throw refuse("'from' is missing: where the replay begins. 'start' is all there is.");
  const { from, to } = placesOf({ from: given['from'] as GivenPlace, to: (given['to'] ?? 'end') as GivenPlace });
  if (from.kind === 'time' && to.kind === 'time' && from.timestampMs > to.timestampMs) throw fromAfterTo();
  if (from.kind === 'end' || to.kind === 'start') throw fromAfterTo();
  const dryRun = given['dryRun'] ?? false;
  if (typeof dryRun !== 'boolean') throw refuse("'dryRun' is true or false.");
  const request = {
    from: given['from'] as GivenPlace,
    to: (given['to'] ?? 'end') as GivenPlace,
    tables: tablesOf(given['tables']),
    keys: keysOf(given['keys']),
    rate: rateOf(given['rate']),
  };
  return { request, dryRun };
}

/** Where a replay begins and ends. Throws SluiceError BAD_REQUEST. */
export function placesOf({ from, to }: Pick<ReplayRequest, 'from' | 'to'>): { readonly from: ReplayPlace; readonly to: ReplayPlace } {
  return { from: readPlace(from, 'from'), to: readPlace(to, 'to') };
}

export function fromAfterTo(): SluiceError {
  return refuse("'from' lies behind 'to': nothing is between them.");
}

function tablesOf(given: unknown): readonly string[] | null {
  if (given === undefined || given === null) return null;
  const isText = (one: unknown): one is string => typeof one === 'string' && one.trim() !== '';
  if (!Array.isArray(given) || given.length === 0 || !given.every(isText))
    throw refuse('\'tables\' is a list of tables or topics, such as ["public.orders"].');
  if (given.length > tablesMax) throw refuse(`'tables' has ${given.length} entries; ${tablesMax} are the most.`);
  return given.map(one => one.trim());
}

function keysOf(given: unknown): readonly string[] | null {
  if (given === undefined || given === null) return null;
  if (!Array.isArray(given) || given.length === 0) throw refuse('\'keys\' is a list of keys, such as [{"id": 42}] or [42].');
  if (given.length > keysMax)
    throw refuse(`'keys' has ${given.length} entries; ${keysMax} are the most. Without keys, the whole range is sent.`);
  return given.map(keyText);
}

/** A key as a JSON text with all digits; a text stands for itself. */
function keyText(key: unknown): string {
  if (typeof key === 'string' && key !== '') return key;
  if (isScalar(key)) return String(key);
  if (typeof key === 'object' && key !== null && !Array.isArray(key)) {
    const fields = Object.entries(key);
    if (fields.length > 0 && fields.every(([, value]) => value === null || typeof value === 'string' || isScalar(value)))
      return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'string' ? JSON.stringify(value) : String(value)}`).join(',')}}`;
  }
  // What it is may be a row's value: it is not shown.
  throw refuse(
    "'keys' has an entry that is no key: give an object of the key's columns, such as {\"id\": 42}, or the value of its one column.",
  );
}

function isScalar(value: unknown): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

function rateOf(given: unknown): number | null {
  if (given === undefined || given === null) return null;
  if (!Number.isSafeInteger(given) || (given as number) < 1 || (given as number) > rateMax)
    throw refuse(`'rate' is a number of records a second, from 1 to ${rateMax}.`);
  return given as number;
}
