import { type ConfigFault, type ConfigSpec, nearest, type OptionPattern, type RawConfig } from '../../contract/index.ts';
import { type EventStoreConfig, eventStoreSpec } from './event-store-options.ts';
import { type SagasConfig, sagasSpec } from './saga-options.ts';

/** A service that a worker file names: `config` by the names of its options, and `raw`, the texts as they stand there, placeholders unresolved. */
export type ServiceConfig<Config> = { readonly config: Config; readonly raw: RawConfig };

/** The services of a worker; null: the file does not name it. They hold secrets. */
export type ServicesConfig = {
  readonly eventStore: ServiceConfig<EventStoreConfig> | null;
  readonly sagas: ServiceConfig<SagasConfig> | null;
};

const prefix = 'services.';

/** The options of each service, by the name it has under `services`. */
export const serviceSpecs = { 'event-store': eventStoreSpec, sagas: sagasSpec } as const satisfies Record<string, ConfigSpec<unknown>>;

type ServiceName = keyof typeof serviceSpecs;
const serviceNames = Object.keys(serviceSpecs) as readonly ServiceName[];

export const servicePatterns: readonly OptionPattern[] = serviceNames.map(name => ({
  pattern: new RegExp(`^services\\.${name}(?:\\..+)?$`),
  example: `services.${name}.${Object.keys(serviceSpecs[name].options)[0]}`,
  doc: `The service \`${name}\`: the options below, as \`services: {${name}: {...}}\`.`,
}));

export type ParsedServices = {
  readonly services: ServicesConfig;
  readonly faults: readonly ConfigFault[];
};

/**
 * The services that a worker file names. A name that no service or no option has is a fault, with the nearest that there is: what was meant to
 * run must not be left out in silence. `resolved` and `written`: the worker's options with and without their placeholders replaced.
 */
export function parseServices(resolved: RawConfig, written: RawConfig): ParsedServices {
  const faults: ConfigFault[] = [];
  const named = Object.keys(resolved).filter(name => name === 'services' || name.startsWith(prefix));
  for (const name of named) {
    const service = name.slice(prefix.length).split('.')[0]!;
    if (serviceNames.some(known => known === service)) continue;
    const near = nearest(service, serviceNames);
    const hint = near ? `; did you mean '${near}'?` : ` (there are ${serviceNames.join(', ')}).`;
    faults.push({
      option: name,
      message: service === '' ? `'services' names no service${hint}` : `There is no service '${service}'${hint}`,
    });
  }

  function parsed<Config>(name: ServiceName, spec: ConfigSpec<Config>): ServiceConfig<Config> | null {
    const own = `${prefix}${name}`;
    if (!named.some(option => option === own || option.startsWith(`${own}.`))) return null;
    // An empty map is all its defaults.
    if ((resolved[own] ?? '') !== '') faults.push({ option: own, message: `'${own}' is a map of options, or {} for its defaults.` });
    const result = spec.parse(under(resolved, `${own}.`));
    const placed = ({ option, message }: ConfigFault): ConfigFault => ({ option: `${own}.${option}`, message: `${own}: ${message}` });
    faults.push(...result.faults.map(placed));
    for (const { option } of result.warnings) {
      const near = nearest(option, Object.keys(spec.options));
      const hint = near ? `; did you mean '${near}'?` : '.';
      faults.push({ option: `${own}.${option}`, message: `${own}: There is no option '${option}'${hint}` });
    }
    return result.config === null ? null : { config: result.config, raw: under(written, `${own}.`) };
  }

  return { services: { eventStore: parsed('event-store', eventStoreSpec), sagas: parsed('sagas', sagasSpec) }, faults };
}

function under(raw: RawConfig, start: string): RawConfig {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) => (name.startsWith(start) ? [[name.slice(start.length), value]] : [])),
  );
}
