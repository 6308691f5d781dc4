import { type PluginType, SluiceError } from '../contract/index.ts';
import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { type Answer, ok, RequestError, warningHeaders } from './answer.ts';
import { configOf, parseTexts } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';
import { pluginConfig, validationAnswer } from './validation.ts';

/** A name without the package and without "Connector", as a short name is. */
function normalized(name: string): string {
  return name.replace(/(?<=.)Connector$/, '');
}

function simple(name: string): string {
  return normalized(name.slice(name.lastIndexOf('.') + 1));
}

/** Connect's /connector-plugins: ConnectorPluginsResource. */
export function connectorPluginRoutes(supervisor: Supervisor): readonly Route[] {
  const types: readonly PluginType[] = ['sink', 'source', 'transformation', 'predicate', 'converter', 'header_converter'];

  function list({ query }: RestRequest): Answer {
    const connectorsOnly = query.get('connectorsOnly')?.toLowerCase() !== 'false';
    const listed = types.flatMap(type => supervisor.plugins.filter(plugin => plugin.type === type));
    const shown = listed.filter(({ type }) => !connectorsOnly || type === 'source' || type === 'sink');
    return ok(shown.map(plugin => ({ class: plugin.class, type: plugin.type, version: plugin.version })));
  }

  async function config({ parameters }: RestRequest): Promise<Answer> {
    const name = parameters['plugin']!;
    const listing =
      supervisor.plugins.find(plugin => plugin.class === name) ?? supervisor.plugins.find(plugin => simple(plugin.class) === simple(name));
    const found = listing ?? (await shortNamed(name));
    if (found === null) throw new RequestError(404, `Unknown plugin ${name}.`);
    const plugin = await supervisor.registry.load(found.type, found.class);
    return ok(pluginConfig(plugin.spec.options, found.type === 'source' || found.type === 'sink' ? found.type : null));
  }

  /** A plugin by a name that only the registry knows, such as `postgres`. */
  async function shortNamed(name: string): Promise<{ readonly type: PluginType; readonly class: string } | null> {
    for (const type of types) {
      try {
        await supervisor.registry.load(type, name);
        return { type, class: name };
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== 'PLUGIN_UNKNOWN') throw error;
      }
    }
    return null;
  }

  async function validate({ parameters, body }: RestRequest): Promise<Answer> {
    const name = parameters['plugin']!;
    const given = configOf(parseTexts(body), 'The configuration');
    const included = given['connector.class'];
    if (typeof included === 'string' && !normalized(included).endsWith(normalized(name)) && simple(included) !== simple(name))
      throw new RequestError(400, `Included connector type ${included} does not match request type ${name}`);
    const resolved = await supervisor.validate(given);
    // The body has Connect's form, which has no place for warnings.
    return ok(validationAnswer(resolved), warningHeaders(resolved.warnings.map(({ message }) => message)));
  }

  return [
    { path: '/connector-plugins', whenReady: false, methods: { GET: list } },
    { path: '/connector-plugins/{plugin}/config', whenReady: false, methods: { GET: config } },
    { path: '/connector-plugins/{plugin}/config/validate', whenReady: true, methods: { PUT: validate } },
  ];
}
