import type { Comparison, Json, RestScene, RestStep } from './exchange.ts';

/** The connector that most steps are about. */
const one = 'rest-one';

/** A connector's config that works, with these changes; null removes an option. */
function config(scene: RestScene, changes: Readonly<Record<string, string | null>> = {}): Record<string, Json> {
  const { server, database } = scene;
  const all: Record<string, string | null> = {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'topic.prefix': 'rest',
    'plugin.name': 'pgoutput',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password,
    'database.dbname': database,
    'slot.name': 'rest_one',
    'publication.name': 'rest_one',
    'table.include.list': 'public.things',
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

type StepSettings = Pick<RestStep, 'body' | 'text' | 'until'> & { readonly compare?: Comparison; readonly about?: string };

/** A step is named by what it asks, and where the same is asked twice by what it is about. */
function step(request: string, { about, compare = 'exact', ...settings }: StepSettings = {}): RestStep {
  const [method, path] = request.split(' ') as [string, string];
  return { name: about ? `${request} (${about})` : request, method, path, compare, ...settings };
}

const toOne = (state: 'RUNNING' | 'PAUSED' | 'STOPPED' | 'gone') => ({ connector: one, state });

const worker: RestStep[] = [
  step('GET /', { compare: 'shape' }),
  step('GET /health'),
  step('GET /connectors', { about: 'none' }),
  step('GET /connectors?expand=status', { about: 'none' }),
  step('GET /nowhere', { compare: 'error' }),
  step('PUT /connectors', { compare: 'error', body: () => ({}) }),
  step('DELETE /connectors', { compare: 'error' }),
  step('POST /connectors/nope/status', { compare: 'error' }),
];

const unknownConnector: RestStep[] = [
  step('GET /connectors/nope'),
  step('DELETE /connectors/nope'),
  step('GET /connectors/nope/config'),
  step('GET /connectors/nope/status'),
  step('GET /connectors/nope/tasks'),
  step('GET /connectors/nope/tasks/0/status'),
  step('GET /connectors/nope/topics'),
  step('PUT /connectors/nope/topics/reset'),
  step('GET /connectors/nope/offsets'),
  step('PATCH /connectors/nope/offsets', { body: () => ({ offsets: [{ partition: { server: 'rest' }, offset: null }] }) }),
  step('DELETE /connectors/nope/offsets'),
  step('PUT /connectors/nope/pause'),
  step('PUT /connectors/nope/resume'),
  step('PUT /connectors/nope/stop'),
  step('POST /connectors/nope/restart'),
  step('POST /connectors/nope/restart?includeTasks=true'),
  step('POST /connectors/nope/tasks/0/restart'),
  step('PATCH /connectors/nope/config', { body: () => ({ 'tasks.max': '1' }) }),
];

const refusedBodies: RestStep[] = [
  step('POST /connectors', { about: 'no JSON', compare: 'refused', text: '{"name": ' }),
  step('POST /connectors', { about: 'empty body', compare: 'refused', text: '' }),
  step('POST /connectors', { about: 'a list', compare: 'refused', text: '[]' }),
  step('POST /connectors', {
    about: 'an unknown field',
    compare: 'refused',
    body: scene => ({ name: 'x', config: config(scene), nonsense: 1 }),
  }),
  step('POST /connectors', { about: 'no name', compare: 'refused', body: scene => ({ config: config(scene) }) }),
  step('POST /connectors', { about: 'no config', compare: 'refused', body: () => ({ name: 'x' }) }),
  step('POST /connectors', { about: 'another name inside', body: scene => ({ name: 'x', config: config(scene, { name: 'y' }) }) }),
  step('POST /connectors', {
    about: 'no connector.class',
    compare: 'error',
    body: scene => ({ name: 'x', config: config(scene, { 'connector.class': null }) }),
  }),
  step('POST /connectors', {
    about: 'an unknown class',
    compare: 'error',
    body: scene => ({ name: 'x', config: config(scene, { 'connector.class': 'io.debezium.connector.postgresql.PostgressConnector' }) }),
  }),
  step('POST /connectors', {
    about: 'options missing',
    compare: 'refused',
    body: scene => ({ name: 'x', config: config(scene, { 'database.hostname': null, 'tasks.max': 'many' }) }),
  }),
  step('POST /connectors', {
    about: 'an unknown initial_state',
    compare: 'refused',
    body: scene => ({ name: 'x', config: config(scene), initial_state: 'ASLEEP' }),
  }),
  step('PUT /connectors/x/config', { about: 'no JSON', compare: 'refused', text: 'config' }),
  step('PUT /connectors/x/config', { about: 'a list', compare: 'refused', text: '[1]' }),
  step('PUT /connectors/x/config', {
    about: 'a nested value',
    compare: 'refused',
    body: scene => ({ ...config(scene), nested: { a: 1 } }),
  }),
  step('PUT /connectors/x/config', { about: 'another name inside', body: scene => config(scene, { name: 'y' }) }),
  step('GET /connectors', { about: 'none was made' }),
];

const created: RestStep[] = [
  step('POST /connectors', {
    about: 'stopped',
    body: scene => ({ name: one, config: config(scene), initial_state: 'STOPPED' }),
    until: toOne('STOPPED'),
  }),
  step('POST /connectors', { about: 'a second time', body: scene => ({ name: one, config: config(scene) }) }),
  step('GET /connectors', { about: 'one' }),
  step(`GET /connectors/${one}`, { about: 'stopped' }),
  step(`GET /connectors/${one}/config`),
  step(`GET /connectors/${one}/status`, { about: 'stopped' }),
  step(`GET /connectors/${one}/tasks`, { about: 'stopped' }),
  step(`GET /connectors/${one}/topics`, { about: 'none' }),
];

const offsets: RestStep[] = [
  step(`GET /connectors/${one}/offsets`, { about: 'none' }),
  step(`PATCH /connectors/${one}/offsets`, { about: 'no JSON', compare: 'refused', text: '{' }),
  step(`PATCH /connectors/${one}/offsets`, { about: 'empty', body: () => ({}) }),
  step(`PATCH /connectors/${one}/offsets`, { about: 'an empty list', body: () => ({ offsets: [] }) }),
  step(`PATCH /connectors/${one}/offsets`, { about: 'no partition', body: () => ({ offsets: [{ offset: { lsn: 1 } }] }) }),
  step(`PATCH /connectors/${one}/offsets`, {
    about: 'a position',
    body: () => ({ offsets: [{ partition: { server: 'rest' }, offset: { lsn: 16, txId: 1, ts_usec: 1 } }] }),
  }),
  step(`GET /connectors/${one}/offsets`, { about: 'after PATCH' }),
  step(`PATCH /connectors/${one}/offsets`, {
    about: 'one removed',
    body: () => ({ offsets: [{ partition: { server: 'rest' }, offset: null }] }),
  }),
  step(`GET /connectors/${one}/offsets`, { about: 'after removal' }),
  step(`DELETE /connectors/${one}/offsets`, { about: 'none left' }),
];

const running: RestStep[] = [
  step(`PUT /connectors/${one}/resume`, { about: 'from stopped', until: toOne('RUNNING') }),
  step(`GET /connectors/${one}`, { about: 'running' }),
  step(`GET /connectors/${one}/status`, { about: 'running' }),
  step(`GET /connectors/${one}/tasks`, { about: 'running' }),
  step(`GET /connectors/${one}/tasks/0/status`),
  step(`GET /connectors/${one}/tasks/9/status`),
  step(`GET /connectors/${one}/tasks/x/status`, { compare: 'status' }),
  step('GET /connectors?expand=status'),
  step('GET /connectors?expand=info'),
  step('GET /connectors?expand=status&expand=info'),
  step('GET /connectors?expand=nonsense'),
  step(`PATCH /connectors/${one}/offsets`, {
    about: 'running',
    body: () => ({ offsets: [{ partition: { server: 'rest' }, offset: null }] }),
  }),
  step(`DELETE /connectors/${one}/offsets`, { about: 'running' }),
  step(`PUT /connectors/${one}/config`, { about: 'unchanged', body: scene => config(scene), until: toOne('RUNNING') }),
  step(`PUT /connectors/${one}/config`, {
    about: 'faults',
    compare: 'refused',
    body: scene => config(scene, { 'database.hostname': null }),
  }),
  step(`PATCH /connectors/${one}/config`, { about: 'one added', body: () => ({ 'poll.interval.ms': '100' }), until: toOne('RUNNING') }),
  step(`PATCH /connectors/${one}/config`, { about: 'one removed', body: () => ({ 'poll.interval.ms': null }), until: toOne('RUNNING') }),
  step(`PATCH /connectors/${one}/config`, { about: 'faults', compare: 'refused', body: () => ({ 'tasks.max': 'many' }) }),
  step(`PATCH /connectors/${one}/config`, { about: 'no JSON', compare: 'refused', text: 'nothing' }),
  step(`GET /connectors/${one}/config`, { about: 'after PATCH' }),
];

const states: RestStep[] = [
  step(`PUT /connectors/${one}/pause`, { until: toOne('PAUSED') }),
  step(`GET /connectors/${one}/status`, { about: 'paused' }),
  step(`PUT /connectors/${one}/pause`, { about: 'paused already', until: toOne('PAUSED') }),
  step(`PUT /connectors/${one}/resume`, { about: 'from paused', until: toOne('RUNNING') }),
  step(`POST /connectors/${one}/restart`, { compare: 'status', until: toOne('RUNNING') }),
  step(`POST /connectors/${one}/restart?includeTasks=true`, { compare: 'shape', until: toOne('RUNNING') }),
  step(`POST /connectors/${one}/restart?includeTasks=true&onlyFailed=true`, { compare: 'shape', until: toOne('RUNNING') }),
  step(`POST /connectors/${one}/tasks/0/restart`, { until: toOne('RUNNING') }),
  step(`POST /connectors/${one}/tasks/9/restart`),
  step(`PUT /connectors/${one}/topics/reset`),
  step(`GET /connectors/${one}/topics`, { about: 'after reset' }),
  step(`PUT /connectors/${one}/stop`, { until: toOne('STOPPED') }),
  step(`GET /connectors/${one}/status`, { about: 'stopped again' }),
  step(`DELETE /connectors/${one}/offsets`, { about: 'stopped' }),
  step(`DELETE /connectors/${one}`, { until: toOne('gone') }),
  step(`DELETE /connectors/${one}`, { about: 'gone already' }),
  step(`PUT /connectors/${one}/config`, { about: 'a new one', body: scene => config(scene), until: toOne('RUNNING') }),
  step(`DELETE /connectors/${one}`, { about: 'running', until: toOne('gone') }),
  step('POST /connectors', {
    about: 'paused',
    body: scene => ({ name: one, config: config(scene), initial_state: 'paused' }),
    until: toOne('PAUSED'),
  }),
  step(`GET /connectors/${one}/status`, { about: 'initially paused' }),
  step(`DELETE /connectors/${one}`, { about: 'paused', until: toOne('gone') }),
];

const loggers: RestStep[] = [
  step('GET /admin/loggers', { compare: 'status' }),
  step('GET /admin/loggers/root', { compare: 'shape' }),
  step('GET /admin/loggers/no.such.logger', { compare: 'error' }),
  step('PUT /admin/loggers/io.debezium', { body: () => ({ level: 'DEBUG' }), compare: 'shape' }),
  step('PUT /admin/loggers/io.debezium', { about: 'an unknown level', compare: 'error', body: () => ({ level: 'LOUD' }) }),
  step('PUT /admin/loggers/io.debezium', { about: 'no level', compare: 'error', body: () => ({}) }),
  step('PUT /admin/loggers/io.debezium?scope=cluster', { compare: 'status', body: () => ({ level: 'INFO' }) }),
];

const postgres = 'io.debezium.connector.postgresql.PostgresConnector';

/** Requests about plugins: their answers depend on what is installed, so each has a comparison of its own in the test. */
export const pluginSteps: readonly RestStep[] = [
  step('GET /connector-plugins'),
  step('GET /connector-plugins?connectorsOnly=false'),
  step(`GET /connector-plugins/${postgres}/config`),
  step('GET /connector-plugins/org.apache.kafka.connect.transforms.RegexRouter/config'),
  step('GET /connector-plugins/no.such.Plugin/config', { compare: 'error' }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, { about: 'no fault', body: scene => ({ name: 'v', ...config(scene) }) }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, {
    about: 'faults',
    body: scene => ({
      name: 'v',
      ...config(scene, { 'database.hostname': null, 'tasks.max': 'many', 'snapshot.mode': 'sometimes', 'max.batch.size': '-1' }),
    }),
  }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, {
    about: 'a transform with a fault',
    body: scene => ({
      name: 'v',
      ...config(scene, {
        transforms: 'route',
        'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
        'transforms.route.regex': '(',
      }),
    }),
  }),
  step('PUT /connector-plugins/PostgresConnector/config/validate', {
    about: 'short name',
    body: scene => ({ name: 'v', ...config(scene) }),
  }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, { about: 'no class', compare: 'refused', body: () => ({ name: 'v' }) }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, {
    about: 'another class',
    compare: 'error',
    body: scene => config(scene, { 'connector.class': 'FileStreamSource' }),
  }),
  step(`PUT /connector-plugins/${postgres}/config/validate`, { about: 'no JSON', compare: 'refused', text: '{]' }),
];

/** The script: one connector's life, in order. */
export const steps: readonly RestStep[] = [
  ...worker,
  ...unknownConnector,
  ...refusedBodies,
  ...created,
  ...offsets,
  ...running,
  ...states,
  ...loggers,
];
