import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { type Answer, ok, RequestError } from './answer.ts';
import { askOthers } from './forwarding.ts';
import type { RestRequest, Route } from './router.ts';

/** How long a request may wait for a sink, in milliseconds, unless it says. */
const waitMsDefault = 10_000;
const waitMsMax = 300_000;
/** Dead letters of one answer, unless it says. */
const lettersShown = 100;
const lettersShownMax = 10_000;

function integer(text: string, name: string, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new RequestError(400, `'${name}' must be a number from 0 to ${max}.`);
  return value;
}

/**
 * What Connect's API has no place for: RETRYING with its reason, position, lag and throughput, snapshot progress, warnings about the config,
 * the file that holds a connector, and the group of workers that share them.
 */
export function sluiceRoutes(supervisor: Supervisor): readonly Route[] {
  async function list({ handedOn, asker }: RestRequest): Promise<Answer> {
    const own = supervisor.names().filter(name => !handedOn || supervisor.owns(name));
    const known = Object.fromEntries(own.map(name => [name, supervisor.progress(name)]));
    const { group } = supervisor;
    // What a worker that does not answer runs is shown as it is known here: its config, and no task.
    const others = handedOn || group === null ? [] : await askOthers(group, '/sluice/connectors', asker);
    return ok(Object.assign(known, ...others));
  }

  const nameOf = ({ parameters }: RestRequest) => parameters['connector']!;

  async function wait(request: RestRequest): Promise<Answer> {
    const { query } = request;
    const known = ['source', 'position', 'key', 'topic', 'timeout'];
    const unknown = [...query.keys()].find(name => !known.includes(name));
    if (unknown !== undefined) throw new RequestError(400, `There is no parameter '${unknown}' (known are ${known.join(', ')}).`);
    const [source, position, key, topic] = [query.get('source'), query.get('position'), query.get('key'), query.get('topic')];
    if (position !== null && source === null) throw new RequestError(400, "'position' needs 'source': whose position it is.");
    if (source !== null && position === null && key === null)
      throw new RequestError(400, "'source' needs 'position' or 'key': what of it is waited for.");
    if (key === '') throw new RequestError(400, "'key' is empty: give the key's JSON text, or the value of its one column.");
    const timeoutMs = integer(query.get('timeout') ?? String(waitMsDefault), 'timeout', waitMsMax);
    return ok(await supervisor.wait(nameOf(request), { source, position, key, topic, timeoutMs }));
  }

  async function deadLetters(request: RestRequest): Promise<Answer> {
    const max = integer(request.query.get('max') ?? String(lettersShown), 'max', lettersShownMax);
    return ok(await supervisor.deadLetters.list(nameOf(request), max));
  }

  /** `to` of a request's query: the last dead letter that is meant; null: all. */
  function lastLetter({ query }: RestRequest): bigint | null {
    const to = query.get('to');
    return to === null ? null : BigInt(integer(to, 'to', Number.MAX_SAFE_INTEGER));
  }

  return [
    { path: '/connectors/{connector}/wait', whenReady: true, whose: { reads: true }, methods: { GET: wait } },
    {
      path: '/sluice/connectors/{connector}/dead-letters',
      whenReady: true,
      whose: { reads: true },
      methods: { GET: deadLetters },
    },
    {
      path: '/sluice/connectors/{connector}/dead-letters/redeliver',
      whenReady: true,
      whose: {},
      methods: { POST: async request => ok(await supervisor.deadLetters.redeliver(nameOf(request), lastLetter(request))) },
    },
    {
      path: '/sluice/connectors/{connector}/dead-letters/discard',
      whenReady: true,
      whose: {},
      methods: { POST: async request => ok(await supervisor.deadLetters.discard(nameOf(request), lastLetter(request))) },
    },
    { path: '/sluice/connectors', whenReady: true, methods: { GET: list } },
    {
      path: '/sluice/connectors/{connector}',
      whenReady: true,
      whose: { reads: true },
      methods: { GET: ({ parameters }) => ok(supervisor.progress(parameters['connector']!)) },
    },
    { path: '/sluice/group', whenReady: true, methods: { GET: () => ok(supervisor.group?.view() ?? null) } },
  ];
}
