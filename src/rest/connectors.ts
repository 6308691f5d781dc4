import type { JsonObject, TargetState } from '../contract/index.ts';
import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { SubmittedOffset } from '../engine/supervisor/supervisor-offsets.ts';
import { type Answer, ok, RequestError, warningHeaders } from './answer.ts';
import { configOf, objectOf, parseJson, parseTexts } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

const initialStates: Readonly<Record<string, TargetState>> = { RUNNING: 'STARTED', PAUSED: 'PAUSED', STOPPED: 'STOPPED' };

/** What of the worker's config concerns these paths. */
export type ConnectorRouteSettings = {
  /** The base of Location headers. */
  url(): string;
  readonly topicTracking: boolean;
  readonly topicTrackingReset: boolean;
};

/** The name a config may carry must be the connector's; without one it gets it. Throws 400. */
function named(name: string, config: Record<string, string | null>): Record<string, string | null> {
  const given = config['name'];
  if (given !== undefined && given !== null && given !== name)
    throw new RequestError(400, `Connector name configuration (${given}) doesn't match connector name in the URL (${name})`);
  return { ...config, name };
}

function flag(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === 'true';
}

/** Connect's /connectors: ConnectorsResource. */
export function connectorRoutes(supervisor: Supervisor, settings: ConnectorRouteSettings): readonly Route[] {
  const location = (name: string) => ({ location: `${settings.url()}/connectors/${encodeURIComponent(name).replaceAll('%2F', '/')}` });
  const nameOf = ({ parameters }: RestRequest) => parameters['connector']!;
  const target =
    (state: TargetState, status: number) =>
    async (request: RestRequest): Promise<Answer> => {
      await supervisor.setTarget(nameOf(request), state);
      return { status };
    };

  async function list({ query }: RestRequest): Promise<Answer> {
    if (!query.has('expand')) return ok(supervisor.names());
    const expand = new Set(query.getAll('expand'));
    const shared = await supervisor.shared();
    const expanded = async (name: string) => {
      const status = expand.has('status') ? await shared.status(name).catch(() => null) : null;
      return [name, { ...(status !== null && { status }), ...(expand.has('info') && { info: await shared.info(name) }) }];
    };
    return ok(Object.fromEntries(await Promise.all(shared.names().map(expanded))));
  }

  async function create({ body }: RestRequest): Promise<Answer> {
    const request = objectOf(parseTexts(body), 'The request');
    const unknown = Object.keys(request).find(field => !['name', 'config', 'initial_state'].includes(field));
    if (unknown !== undefined)
      throw new RequestError(400, `Unrecognized field "${unknown}" (known are "name", "config", "initial_state").`);
    const name = typeof request['name'] === 'string' ? request['name'].trim() : '';
    if (request['config'] === undefined || request['config'] === null) throw new RequestError(400, 'The request has no "config".');
    const config = named(name, configOf(request['config'], '"config"'));
    const state = request['initial_state'] ?? 'RUNNING';
    const initialState = typeof state === 'string' ? initialStates[state.toUpperCase()] : undefined;
    if (initialState === undefined) throw new RequestError(400, `"initial_state" must be one of ${Object.keys(initialStates).join(', ')}.`);
    const { info, warnings } = await supervisor.put(name, config, { replace: false, initialState });
    return { status: 201, body: info, headers: { ...location(name), ...warningHeaders(warnings) } };
  }

  async function putConfig(request: RestRequest): Promise<Answer> {
    const name = nameOf(request);
    const config = named(name, configOf(parseTexts(request.body), 'The configuration'));
    const { created, info, warnings } = await supervisor.put(name, config, { replace: true });
    return { status: created ? 201 : 200, body: info, headers: { ...(created && location(name)), ...warningHeaders(warnings) } };
  }

  async function patchConfig(request: RestRequest): Promise<Answer> {
    const patch = configOf(parseTexts(request.body), 'The patch');
    const name = nameOf(request);
    const { info, warnings } = await supervisor.patch(name, 'name' in patch ? named(name, patch) : patch);
    return ok(info, warningHeaders(warnings));
  }

  async function restart(request: RestRequest): Promise<Answer> {
    const [includeTasks, onlyFailed] = [flag(request.query, 'includeTasks'), flag(request.query, 'onlyFailed')];
    const status = await supervisor.restart(nameOf(request), { includeTasks, onlyFailed });
    return includeTasks || onlyFailed ? { status: 202, body: status } : { status: 204 };
  }

  function topics(request: RestRequest): Answer {
    if (!settings.topicTracking) throw new RequestError(403, 'Topic tracking is disabled.');
    const name = nameOf(request);
    return ok({ [name]: { topics: supervisor.activeTopics(name) } });
  }

  async function resetTopics(request: RestRequest): Promise<Answer> {
    if (!settings.topicTracking) throw new RequestError(403, 'Topic tracking is disabled.');
    if (!settings.topicTrackingReset) throw new RequestError(403, 'Topic tracking reset is disabled.');
    await supervisor.resetTopics(nameOf(request));
    return { status: 202 };
  }

  return [
    { path: '/connectors', whenReady: true, whose: { makes: true }, methods: { GET: list, POST: create } },
    {
      path: '/connectors/{connector}',
      whenReady: true,
      whose: {},
      methods: {
        GET: async request => ok(await (await supervisor.shared()).info(nameOf(request))),
        DELETE: async request => {
          await supervisor.delete(nameOf(request));
          return { status: 204 };
        },
      },
    },
    {
      path: '/connectors/{connector}/config',
      whenReady: true,
      whose: { makes: true },
      methods: {
        GET: async request => ok((await (await supervisor.shared()).info(nameOf(request))).config),
        PUT: putConfig,
        PATCH: patchConfig,
      },
    },
    {
      path: '/connectors/{connector}/status',
      whenReady: true,
      methods: { GET: async request => ok(await (await supervisor.shared()).status(nameOf(request))) },
    },
    {
      path: '/connectors/{connector}/tasks',
      whenReady: true,
      whose: { reads: true },
      methods: { GET: request => ok(supervisor.taskConfigs(nameOf(request))) },
    },
    {
      path: '/connectors/{connector}/tasks/{task}/status',
      whenReady: true,
      methods: {
        GET: async request => ok(await (await supervisor.shared()).taskStatus(nameOf(request), Number(request.parameters['task']))),
      },
    },
    {
      path: '/connectors/{connector}/tasks/{task}/restart',
      whenReady: true,
      whose: {},
      methods: {
        POST: async request => {
          await supervisor.restartTask(nameOf(request), Number(request.parameters['task']));
          return { status: 204 };
        },
      },
    },
    { path: '/connectors/{connector}/restart', whenReady: true, whose: {}, methods: { POST: restart } },
    { path: '/connectors/{connector}/pause', whenReady: true, whose: {}, methods: { PUT: target('PAUSED', 202) } },
    { path: '/connectors/{connector}/resume', whenReady: true, whose: {}, methods: { PUT: target('STARTED', 202) } },
    { path: '/connectors/{connector}/stop', whenReady: true, whose: {}, methods: { PUT: target('STOPPED', 204) } },
    { path: '/connectors/{connector}/topics', whenReady: true, whose: { reads: true }, methods: { GET: topics } },
    { path: '/connectors/{connector}/topics/reset', whenReady: true, whose: {}, methods: { PUT: resetTopics } },
    {
      path: '/connectors/{connector}/offsets',
      whenReady: true,
      // Its owner knows whether it is a sink, and its group.
      whose: { reads: true },
      methods: {
        GET: async request => ok({ offsets: await supervisor.offsets.read(nameOf(request)) }),
        PATCH: async request => {
          await supervisor.offsets.alter(nameOf(request), offsetsOf(parseJson(request.body)));
          return ok({ message: offsetsChanged('altered') });
        },
        DELETE: async request => {
          await supervisor.offsets.reset(nameOf(request));
          return ok({ message: offsetsChanged('reset') });
        },
      },
    },
  ];
}

/** Connect's text for connectors whose class does not handle changed offsets itself, as Debezium's do not. */
function offsetsChanged(how: 'altered' | 'reset'): string {
  return `The Connect framework-managed offsets for this connector have been ${how} successfully. However, if this connector manages offsets externally, they will need to be manually ${how} in the system that the connector uses.`;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The offsets of a PATCH. Throws 400. */
function offsetsOf(body: unknown): readonly SubmittedOffset[] {
  const listed = isObject(body) ? (body['offsets'] ?? []) : null;
  if (!Array.isArray(listed)) throw new RequestError(400, 'The body must be {"offsets": [{"partition": {...}, "offset": {...}}]}.');
  if (listed.length === 0) throw new RequestError(400, 'Partitions / offsets need to be provided for an alter offsets request');
  return listed.map((entry: unknown) => {
    const { partition, offset } = isObject(entry) ? entry : {};
    if (partition !== null && !isObject(partition)) throw new RequestError(400, 'Each entry needs a "partition" object.');
    if (offset !== null && !isObject(offset)) throw new RequestError(400, 'Each entry needs an "offset": an object, or null to delete it.');
    return { partition, offset };
  });
}
