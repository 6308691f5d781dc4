import { type Client, errors } from '@elastic/elasticsearch';
import { type CheckResult, type SluiceError, toSluiceError } from '../../src/contract/index.ts';
import { shownNodes } from './connection.ts';
import { readMapping } from './index-catalogue.ts';
import { isJsonRecord, within } from './json-object.ts';
import { conflictingFields } from './mapping.ts';
import { indexOfGeneration } from './planner.ts';
import type { ElasticsearchConfig } from './settings.ts';
import { causeOf, targetError } from './target-error.ts';

const ok = (subject: string, message: string): CheckResult => ({ subject, status: 'ok', code: null, option: null, message, remedy: null });

function faultOf(subject: string, { code, message, remedy }: SluiceError, option: string): CheckResult {
  return { subject, status: 'fault', code, option, message, remedy };
}

function fault(subject: string, option: string, message: string, remedy: string): CheckResult {
  return { subject, status: 'fault', code: 'TARGET_REFUSED', option, message, remedy };
}

/** Everything a start needs, looked at without changing anything; all faults at once. */
export async function checkTarget(client: Client, config: ElasticsearchConfig, abort: AbortSignal): Promise<readonly CheckResult[]> {
  const login = await checkLogin(client, config, abort);
  if (login.status === 'fault') return [login];
  const results = [login];
  for (const look of [checkPrivileges, checkMappings, checkIndices]) {
    try {
      results.push(...(await look(client, config, abort)));
    } catch (error) {
      results.push(faultOf('server', toSluiceError(error), 'connection.url'));
    }
  }
  return results;
}

async function checkLogin(client: Client, { connection }: ElasticsearchConfig, signal: AbortSignal): Promise<CheckResult> {
  const subject = 'connection';
  try {
    const { version } = await client.info({}, { signal });
    const major = Number(version.number.split('.')[0]);
    if (major >= 8) return ok(subject, `Elasticsearch ${version.number} at ${shownNodes(connection)}`);
    return fault(subject, 'connection.url', `The server is Elasticsearch ${version.number}.`, 'Upgrade it to Elasticsearch 8 or 9.');
  } catch (error) {
    const refused = error instanceof errors.ResponseError && (error.statusCode === 401 || error.statusCode === 403);
    const failure = targetError(error, `Asking ${shownNodes(connection)}`, true);
    return faultOf(
      subject,
      failure,
      refused
        ? connection.login !== null && 'apiKey' in connection.login
          ? 'connection.api.key'
          : 'connection.username'
        : 'connection.url',
    );
  }
}

/** Patterns of the indices that will be written, as far as the topics are known. */
function patterns({ topics, indices }: ElasticsearchConfig): readonly string[] {
  const names = topics.length === 0 ? ['*'] : topics.map(topic => indices.naming.pattern(topic));
  return indices.generation === null ? names : names.flatMap(name => [name, indexOfGeneration(name, indices.generation!)]);
}

async function checkPrivileges(client: Client, config: ElasticsearchConfig, signal: AbortSignal): Promise<readonly CheckResult[]> {
  const { indices } = config;
  const privileges = ['index', 'delete', 'read', 'view_index_metadata', ...(indices.made ? ['create_index', 'manage'] : [])];
  const keepsState = indices.deleteMarkers || indices.generation !== null;
  const wanted = [
    { names: patterns(config), privileges },
    ...(keepsState ? [{ names: [indices.stateIndex], privileges: ['index', 'delete', 'read', 'create_index', 'maintenance'] }] : []),
  ];
  const request = { method: 'POST', path: '/_security/user/_has_privileges', body: { index: wanted } };
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = await client.transport.request<Readonly<Record<string, unknown>>>(request, { signal });
  } catch (error) {
    // Without security there is nothing to ask, and everything is allowed.
    if (error instanceof errors.ResponseError && error.statusCode !== 401 && error.statusCode !== 403) return [];
    throw targetError(error, 'Asking for privileges', true);
  }
  const lacking = Object.entries(within(answer, 'index')).flatMap(([index, rights]) => {
    const names = isJsonRecord(rights) ? Object.keys(rights).filter(name => rights[name] !== true) : [];
    return names.length === 0 ? [] : [`${names.join(', ')} on ${index}`];
  });
  if (lacking.length === 0) return [ok('privileges', 'All that the sink needs are granted')];
  const message = `Privileges are missing: ${lacking.join('; ')}.`;
  return [fault('privileges', 'connection.username', message, 'Grant them to the role of the user or of the API key.')];
}

/** A mapping given by option must be one, and must agree with the indices that are there. */
async function checkMappings(client: Client, config: ElasticsearchConfig, signal: AbortSignal): Promise<readonly CheckResult[]> {
  const { mappings, settings } = config.indices;
  if (Object.keys(mappings).length === 0 && Object.keys(settings).length === 0) return [];
  const body = { index_patterns: ['sluice-check-of-no-index'], template: { mappings, settings } };
  try {
    await client.transport.request({ method: 'POST', path: '/_index_template/_simulate', body }, { signal });
    return [ok('index.mappings', 'Elasticsearch takes the mappings and settings')];
  } catch (error) {
    const status = error instanceof errors.ResponseError ? error.statusCode : 0;
    if (status === 403) return []; // whoever may make indices need not be one who may make templates
    if (status !== 400) throw targetError(error, 'Trying the mappings', true);
    const message = `Elasticsearch does not take them: ${deepestReason(error)}`;
    return [fault('index.mappings', 'index.mappings', message, 'Correct index.mappings or index.settings.')];
  }
}

/** The reason that names the field, under the more general ones. */
function deepestReason(error: unknown): string {
  const body: unknown = error instanceof errors.ResponseError ? error.body : null;
  let cause = isJsonRecord(body) ? within(body, 'error') : {};
  while (isJsonRecord(cause['caused_by'])) cause = cause['caused_by'];
  return causeOf(cause).reason;
}

async function checkIndices(client: Client, config: ElasticsearchConfig, signal: AbortSignal): Promise<readonly CheckResult[]> {
  const { indices, topics } = config;
  if (!indices.naming.byTopicOnly) return [];
  const results: CheckResult[] = [];
  for (const topic of topics) results.push(...(await checkIndex(client, config, topic, indices.naming.pattern(topic), signal)));
  return results;
}

async function checkIndex(
  client: Client,
  { indices }: ElasticsearchConfig,
  topic: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const subject = `index ${name}`;
  if (indices.generation !== null && (await isIndex(client, name, signal)))
    return [
      fault(
        subject,
        'index.alias',
        `${name} is an index, so no alias can have its name.`,
        'Delete or rename the index, or choose another index.name.',
      ),
    ];
  const target = indices.generation === null ? name : indexOfGeneration(name, indices.generation);
  const there = await readMapping(client, target, signal);
  if (there === null && !indices.made)
    return [
      fault(
        subject,
        'topic.to.external.resource.mapping',
        `There is no index or alias ${name} for ${topic}.`,
        'Make it, or correct the mapping.',
      ),
    ];
  if (there === null) return [ok(subject, `${target} will be made`)];
  const conflicts = conflictingFields(within(indices.mappings, 'properties'), within(there, 'properties'));
  if (conflicts.length === 0) return [ok(subject, `${target} is there`)];
  const message = `${target} maps fields in another way than index.mappings: ${conflicts.join(', ')}.`;
  return [
    fault(
      subject,
      'index.mappings',
      message,
      'Correct index.mappings, or build the index anew (index.alias and the next index.generation).',
    ),
  ];
}

/** Whether an index, not an alias, has the name. */
async function isIndex(client: Client, name: string, signal: AbortSignal): Promise<boolean> {
  const request = { method: 'GET', path: `/${encodeURIComponent(name)}/_settings`, querystring: { filter_path: '*.settings.index.uuid' } };
  try {
    return name in (await client.transport.request<Readonly<Record<string, unknown>>>(request, { signal }));
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 404) return false;
    throw targetError(error, `Looking for ${name}`, true);
  }
}
