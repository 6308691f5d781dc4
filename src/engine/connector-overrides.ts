import { type ConfigFault, nearest, type RawConfig } from '../contract/index.ts';

const producerPrefix = 'producer.override.';

/** Which client options connectors may set (Connect's connector.client.config.override.policy). */
export type OverridePolicy = 'all' | 'none' | 'principal';

/** What Principal allows: who a connector is, and nothing else. */
const principalOptions = ['security.protocol', 'sasl.jaas.config', 'sasl.mechanism'];

/** Options a transactional or idempotent producer of ours must keep for itself. */
export type OverrideCheck = (
  overrides: RawConfig,
  transactional: boolean,
) => {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
};

/**
 * Reads `producer.override.*` under the worker's policy. A source connector has no consumer and no admin client of its own here, so their
 * overrides are refused. `check` is the log's own check, null where the log has no producer (the embedded one).
 */
export function parseOverrides(
  raw: RawConfig,
  policy: OverridePolicy,
  transactional: boolean,
  check: OverrideCheck | null,
): { readonly overrides: RawConfig; readonly faults: readonly ConfigFault[]; readonly warnings: readonly ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const overrides: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    const [client] = /^(?:consumer|admin)(?=\.override\.)/.exec(name) ?? [];
    if (client !== undefined) {
      const message = `The option '${name}' is not supported: source connectors share the worker's ${client} client; set '${name.replace('.override', '')}' in the worker file.`;
      faults.push({ option: name, message });
      continue;
    }
    if (!name.startsWith(producerPrefix)) continue;
    const option = name.slice(producerPrefix.length);
    const allowed = policy === 'all' || (policy === 'principal' && principalOptions.includes(option));
    if (!allowed) {
      const near = policy === 'principal' ? nearest(option, principalOptions) : null;
      const message = `The '${policy === 'none' ? 'None' : 'Principal'}' policy does not allow '${option}' to be overridden in the connector configuration.${near ? ` Did you mean '${near}'?` : ''}`;
      faults.push({ option: name, message });
      continue;
    }
    overrides[option] = value;
  }
  const names = Object.keys(overrides);
  if (check !== null) {
    const checked = check(overrides, transactional);
    faults.push(...checked.faults);
    warnings.push(...checked.warnings);
  } else if (names.length > 0) {
    const listed = names.map(name => producerPrefix + name);
    warnings.push({ option: listed[0]!, message: `The embedded log has no producer; these options have no effect: ${listed.join(', ')}` });
  }
  return { overrides, faults, warnings };
}
