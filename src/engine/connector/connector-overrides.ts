import { type ConfigFault, nearest, type RawConfig } from '../../contract/index.ts';

/** Overrides of one client, and what is wrong with them. */
export type ParsedOverrides = {
  readonly overrides: RawConfig;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
};

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

/** Reads the overrides of one client, without their prefix, under the worker's policy. */
function overridesOf(client: 'producer' | 'consumer', raw: RawConfig, policy: OverridePolicy): Omit<ParsedOverrides, 'warnings'> {
  const prefix = `${client}.override.`;
  const faults: ConfigFault[] = [];
  const overrides: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (!name.startsWith(prefix)) continue;
    const option = name.slice(prefix.length);
    const allowed = policy === 'all' || (policy === 'principal' && principalOptions.includes(option));
    if (allowed) overrides[option] = value;
    else {
      const near = policy === 'principal' ? nearest(option, principalOptions) : null;
      const message = `The '${policy === 'none' ? 'None' : 'Principal'}' policy does not allow '${option}' to be overridden in the connector configuration.${near ? ` Did you mean '${near}'?` : ''}`;
      faults.push({ option: name, message });
    }
  }
  return { overrides, faults };
}

/** Clients that a connector of this kind does not have by itself: their overrides are refused. */
function refused(kind: 'source' | 'sink', raw: RawConfig): readonly ConfigFault[] {
  const clients = kind === 'source' ? /^(?:consumer|admin)(?=\.override\.)/ : /^admin(?=\.override\.)/;
  return Object.keys(raw).flatMap(name => {
    const [client] = clients.exec(name) ?? [];
    if (client === undefined) return [];
    const message = `The option '${name}' is not supported: ${kind} connectors share the worker's ${client} client; set '${name.replace('.override', '')}' in the worker file.`;
    return [{ option: name, message }];
  });
}

/**
 * Reads `producer.override.*` under the worker's policy; what of other clients' overrides a connector of this kind cannot have is a fault.
 * `check` is the log's own check, null where the log has no producer (the embedded one).
 */
export function parseOverrides(
  raw: RawConfig,
  policy: OverridePolicy,
  transactional: boolean,
  check: OverrideCheck | null,
  kind: 'source' | 'sink' = 'source',
): ParsedOverrides {
  const { overrides, faults } = overridesOf('producer', raw, policy);
  const names = Object.keys(overrides);
  const all = [...refused(kind, raw), ...faults];
  if (check !== null) {
    const checked = check(overrides, transactional);
    return { overrides, faults: [...all, ...checked.faults], warnings: checked.warnings };
  }
  if (names.length === 0) return { overrides, faults: all, warnings: [] };
  const listed = names.map(name => `producer.override.${name}`);
  const message = `The embedded log has no producer; these options have no effect: ${listed.join(', ')}`;
  return { overrides, faults: all, warnings: [{ option: listed[0]!, message }] };
}

/** The log's own check of the overrides it reads. */
export type ConsumerOverrideCheck = (overrides: RawConfig) => {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
};

function withoutConsumer(rest: RawConfig): readonly ConfigFault[] {
  const listed = Object.keys(rest).map(name => `consumer.override.${name}`);
  if (listed.length === 0) return [];
  return [{ option: listed[0]!, message: `The embedded log has no consumer client; these options have no effect: ${listed.join(', ')}` }];
}

/** What of a sink's consumer the engine itself sets. */
export type ConsumerSettings = {
  readonly group: string;
  readonly reset: 'earliest' | 'latest' | 'none';
  /** Most records of one poll. */
  readonly recordsMax: number;
};

const resets = ['earliest', 'latest', 'none'] as const;
/** Kafka's default of `max.poll.records`. */
const recordsMaxDefault = 500;

/**
 * Reads `consumer.override.*` under the worker's policy. `group.id`, `auto.offset.reset` and `max.poll.records` mean the same on every log;
 * the others are `rest`, which the log itself reads.
 */
export function parseConsumerOverrides(
  raw: RawConfig,
  policy: OverridePolicy,
  connector: string,
  check: ConsumerOverrideCheck | null,
): ParsedOverrides & { readonly settings: ConsumerSettings; readonly rest: RawConfig } {
  const { overrides, faults: refusals } = overridesOf('consumer', raw, policy);
  const faults = [...refusals];
  const { 'group.id': group, 'auto.offset.reset': resetText, 'max.poll.records': recordsText, ...rest } = overrides;
  const invalid = (name: string, value: string, reason: string) =>
    faults.push({
      option: `consumer.override.${name}`,
      message: `Invalid value ${value} for configuration consumer.override.${name}: ${reason}`,
    });
  if (group?.trim() === '') invalid('group.id', group, 'String may not be empty');
  const reset = resets.find(known => known === (resetText ?? 'earliest').trim().toLowerCase());
  if (reset === undefined) invalid('auto.offset.reset', resetText!, `Value must be one of ${resets.join(', ')}`);
  const recordsMax = Number(recordsText ?? recordsMaxDefault);
  if (!Number.isInteger(recordsMax) || recordsMax < 1 || recordsMax > 1_000_000)
    invalid('max.poll.records', recordsText!, 'Value must be an integer from 1 to 1000000');
  const checked = check?.(rest) ?? { faults: [], warnings: withoutConsumer(rest) };
  return {
    overrides,
    faults: [...faults, ...checked.faults],
    warnings: checked.warnings,
    settings: { group: group?.trim() || `connect-${connector}`, reset: reset ?? 'earliest', recordsMax },
    // These two again: what the worker sets for all consumers (`consumer.*`) gives way to them, not to their defaults.
    rest: {
      ...rest,
      ...(resetText !== undefined && { 'auto.offset.reset': resetText }),
      ...(recordsText !== undefined && { 'max.poll.records': recordsText }),
    },
  };
}
