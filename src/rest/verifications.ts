import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { requestBounds, type VerificationRequest } from '../engine/verification/request.ts';
import { ok, RequestError } from './answer.ts';
import { objectOf, parseJson, type TextTree } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

const fields = ['against', 'tables', 'repair', 'rate', 'chunk', 'keys', 'differences'];
const tablesMax = 1_000;

/** Reads the body of a request for a verification. Throws 400, naming the field. */
export function verificationRequest(body: string): VerificationRequest {
  const given = objectOf(parseJson(body) as TextTree, 'The request') as { readonly [name: string]: unknown };
  const unknown = Object.keys(given).find(name => !fields.includes(name));
  if (unknown !== undefined)
    throw new RequestError(400, `Unrecognized field "${unknown}" (known are ${fields.map(name => `"${name}"`).join(', ')}).`);
  const { against, tables = [], repair = false } = given;
  if (typeof against !== 'string' || against.trim() === '')
    throw new RequestError(400, '"against" must name a sink, or be "log": what the tables are compared to.');
  if (!Array.isArray(tables) || tables.length > tablesMax || tables.some(table => typeof table !== 'string' || table === ''))
    throw new RequestError(400, `"tables" must be a list of at most ${tablesMax} names, or regular expressions, of tables.`);
  if (typeof repair !== 'boolean') throw new RequestError(400, '"repair" must be true or false.');
  const bounds = requestBounds;
  return {
    against: against.trim(),
    tables: tables as string[],
    repair,
    rate: whole(given, 'rate', 1, bounds.rate),
    chunk: whole(given, 'chunk', 1, bounds.chunk),
    keys: whole(given, 'keys', 0, bounds.keys),
    differencesMax: whole(given, 'differences', 1, bounds.differences),
  };
}

function whole(
  given: { readonly [name: string]: unknown },
  name: string,
  min: number,
  { default: otherwise, max }: { readonly default: number; readonly max: number },
): number {
  const value = given[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new RequestError(400, `"${name}" must be a whole number from ${min} to ${max}.`);
  return value;
}

/** Verifications of a source against a sink or the log: to start, to watch, to stop. */
export function verificationRoutes({ verifications }: Pick<Supervisor, 'verifications'>): readonly Route[] {
  const source = ({ parameters }: RestRequest) => parameters['connector']!;
  const id = ({ parameters }: RestRequest) => parameters['verification']!;
  return [
    {
      path: '/connectors/{connector}/verifications',
      whenReady: true,
      whose: { reads: true },
      methods: {
        GET: async request => ok(await verifications.list(source(request))),
        POST: async request => ({ status: 201, body: await verifications.start(source(request), verificationRequest(request.body)) }),
      },
    },
    {
      path: '/connectors/{connector}/verifications/{verification}',
      whenReady: true,
      whose: { reads: true },
      methods: {
        GET: async request => ok(await verifications.get(source(request), id(request))),
        DELETE: async request => ok(await verifications.stop(source(request), id(request))),
      },
    },
  ];
}
