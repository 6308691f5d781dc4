import type { Sagas } from '../../services/sagas/runtime/sagas-service.ts';
import type { SagaOrder, SagaState } from '../../services/sagas/saga.ts';
import { shownName } from '../access/settings.ts';
import { type Answer, ok, plainError, RequestError } from '../answer.ts';
import { parseJson } from '../request-body.ts';
import type { RestRequest, Route } from '../router.ts';

const states: readonly string[] = ['running', 'compensating', 'completed', 'compensated', 'stuck'] satisfies readonly SagaState[];
const limitDefault = 100;
const limitMax = 10_000;
const textMax = 1_000;

const sagaOf = ({ parameters }: RestRequest) => parameters['saga']!;
const instanceOf = ({ parameters }: RestRequest) => parameters['instance']!;

function stateOf({ query }: RestRequest): SagaState | null {
  const state = query.get('state');
  if (state === null) return null;
  if (!states.includes(state))
    throw new RequestError(400, `There is no state '${shownName(state)}' of sagas: it is one of ${states.join(', ')}.`);
  return state as SagaState;
}

function limitOf({ query }: RestRequest): number {
  const limit = query.get('limit') ?? String(limitDefault);
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1 || Number(limit) > limitMax)
    throw new RequestError(400, `limit is a number from 1 to ${limitMax}.`);
  return Number(limit);
}

/** What a person wants, with who they are: as they are logged in or, where there is no login, as they say. */
function orderOf({ body, principal }: RestRequest, action: SagaOrder['action']): SagaOrder {
  const given = parseJson(body);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new RequestError(400, 'The body must be a JSON object.');
  const fields = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).find(name => !['why', 'step', 'who'].includes(name));
  if (unknown !== undefined)
    throw new RequestError(400, `There is no field '${shownName(unknown)}': the body has why, and may have step and who.`);
  const text = (name: string): string | null => {
    const value = fields[name] ?? null;
    if (value === null || (typeof value === 'string' && value.trim() !== '' && value.length <= textMax)) return value;
    throw new RequestError(400, `'${name}' must be a text of at most ${textMax} characters.`);
  };
  const [why, step, who] = [text('why'), text('step'), text('who')];
  if (why === null) throw new RequestError(400, 'Say why: it is kept in the timeline.');
  if (action === 'compensate' && step !== null) throw new RequestError(400, 'compensate undoes everything: it takes no step.');
  const loggedIn = principal !== null && principal.by !== 'none';
  if (loggedIn && who !== null) throw new RequestError(400, 'Who you are is known by your login: leave out who.');
  return { action, step, who: loggedIn ? principal.name : shownName(who ?? principal?.name ?? 'anonymous'), why };
}

/** Sagas of this worker and their instances. `hosted` null: its file names none, and everything is 404. */
export function sagaRoutes(hosted: Sagas | null): readonly Route[] {
  function sagas(): Sagas {
    if (hosted === null) throw new RequestError(404, 'This worker has no sagas: its file names none (services: {sagas: {}}).');
    return hosted;
  }
  const ordering = (action: SagaOrder['action']): Route => ({
    path: `/sagas/{saga}/instances/{instance}/${action}`,
    whenReady: true,
    methods: {
      POST: async (request): Promise<Answer> => ok(await sagas().order(sagaOf(request), instanceOf(request), orderOf(request, action))),
    },
  });
  return [
    { path: '/sagas', whenReady: true, methods: { GET: () => ok(sagas().overview()) } },
    {
      path: '/sagas/{saga}',
      whenReady: true,
      methods: {
        GET: request => {
          const found = sagas()
            .overview()
            .find(({ name }) => name === sagaOf(request));
          if (found === undefined) throw plainError(404);
          return ok(found);
        },
      },
    },
    {
      path: '/sagas/{saga}/instances',
      whenReady: true,
      methods: { GET: async request => ok(await sagas().list(sagaOf(request), stateOf(request), limitOf(request))) },
    },
    {
      path: '/sagas/{saga}/instances/{instance}',
      whenReady: true,
      methods: { GET: async request => ok(await sagas().show(sagaOf(request), instanceOf(request))) },
    },
    ordering('retry'),
    ordering('skip'),
    ordering('compensate'),
  ];
}
