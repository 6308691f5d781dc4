import { nearest, type Plugin, type PluginRegistry, type Sink, SluiceError, type Source } from '../../contract/index.ts';
import type { ConnectorType } from './connector-plan.ts';
import type { IsPasswordOption } from './connector-secrets.ts';

/** A connector's class as it is known, of either kind. */
export type ConnectorClass =
  | { readonly type: 'source'; readonly class: string; readonly plugin: Plugin<unknown, Source> }
  | { readonly type: 'sink'; readonly class: string; readonly plugin: Plugin<unknown, Sink> };

/** The last part of a class's name, without "Connector": Connect knows a class by it too. */
function simple(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).replace(/(?<=.)Connector$/, '');
}

/** The class a config names, and the source or sink behind it. Throws SluiceError BAD_REQUEST, with the nearest known name. */
export async function loadConnectorClass(className: string, registry: PluginRegistry): Promise<ConnectorClass> {
  const listed = registry.list().filter(({ type }) => type === 'source' || type === 'sink');
  const classes = listed.map(listing => listing.class);
  const byAlias = className.includes('.') ? undefined : classes.find(known => simple(known) === simple(className));
  const wanted = byAlias ?? className;
  const listing = listed.find(known => known.class === wanted);
  const types: readonly ConnectorType[] = listing === undefined ? ['source', 'sink'] : [listing.type as ConnectorType];
  let unknown: SluiceError | null = null;
  for (const type of types) {
    try {
      return type === 'source'
        ? { type, plugin: await registry.load('source', wanted), class: await knownName('source', wanted, registry) }
        : { type, plugin: await registry.load('sink', wanted), class: await knownName('sink', wanted, registry) };
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'PLUGIN_UNKNOWN') throw error;
      unknown = error;
    }
  }
  const near = nearest(className, classes) ?? nearest(simple(className), classes.map(simple));
  throw new SluiceError(
    'BAD_REQUEST',
    `Failed to find any class that implements Connector and which name matches ${className}${near ? `; did you mean '${near}'?` : ','} available connectors are: ${classes.join(', ')}`,
    { cause: unknown },
  );
}

/** The class of a plugin by any of its names. */
export async function knownName(
  type: ConnectorType | 'converter' | 'header_converter',
  name: string,
  registry: PluginRegistry,
): Promise<string> {
  const classes = registry.list().flatMap(listing => (listing.type === type ? [listing.class] : []));
  if (classes.includes(name)) return name;
  const plugin = await registry.load(type, name);
  for (const known of classes) if ((await registry.load(type, known)) === plugin) return known;
  return name;
}

export function passwordsOf({ spec }: Plugin<unknown, unknown>): IsPasswordOption {
  const passwords = new Set(
    Object.entries(spec.options).flatMap(([name, option]) => (option.type === 'PASSWORD' ? [name, ...option.aliases] : [])),
  );
  return name => passwords.has(name);
}

/** Which options of a class are secrets by their type; none where there is no such class. */
export async function passwordOptions(className: string | null | undefined, registry: PluginRegistry): Promise<IsPasswordOption> {
  if (typeof className !== 'string') return () => false;
  try {
    return passwordsOf((await loadConnectorClass(className.trim(), registry)).plugin);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'BAD_REQUEST') return () => false;
    throw error;
  }
}
