import { type CheckResult, type ErrorCode, type PluginRegistry, type RawConfig, toSluiceError } from '../../contract/index.ts';
import { againstFaults } from '../verification/against.ts';
import { passwordOptions } from './connector-class.ts';
import { resolveConnector } from './connector-config.ts';
import { type ConnectorPlan, type ConnectorResolving, type ResolvedConnector, withFaults } from './connector-plan.ts';
import { unmasked } from './connector-secrets.ts';

/** A config as REST submits it; null is a JSON null. */
export type SubmittedConfig = Readonly<Record<string, string | null>>;

/** How long a source or sink may look at its database or target before the answer. */
const checkMsMax = 5_000;

/** Faults that do not go before somebody acts: a connector that has one is refused. Every other may be gone when its task starts. */
const needsPerson: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'LOGIN_REFUSED',
  'PRIVILEGE_MISSING',
  'WAL_LEVEL',
  'CONFIG_INVALID',
  'TARGET_REFUSED',
]);

/** A config with the masks in it replaced by what is stored. Throws SluiceError BAD_REQUEST for a mask that stands for nothing. */
export async function unmaskSubmission(
  config: SubmittedConfig,
  stored: RawConfig | null,
  registry: PluginRegistry,
): Promise<SubmittedConfig> {
  const given = Object.fromEntries(Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== null));
  const className = config['connector.class'] ?? stored?.['connector.class'];
  return { ...config, ...unmasked(given, stored, await passwordOptions(className, registry)) };
}

/**
 * Resolves a config that was submitted and, where it has no fault, lets its source look at its database, as Debezium does: a login that is
 * refused is a fault of `database.hostname`. Debezium refuses a database that does not answer too, and finds a wrong wal_level or a missing
 * right only when the task starts; here what heals by itself is left to the task's retries, and what does not is told at once. A sink looks
 * at its target in the same way. A source that is to be verified against another source is refused too; against a sink that is not there it is warned of, since
 * that may come.
 */
export async function resolveSubmission(
  config: SubmittedConfig,
  resolving: ConnectorResolving,
  abort: AbortSignal,
): Promise<ResolvedConnector> {
  const resolved = await resolveConnector(config, resolving);
  if (resolved.plan === null) return resolved;
  const { name, source } = resolved.plan;
  const { sources } = againstFaults(name, source?.schedule?.against ?? [], resolving.others?.() ?? []);
  if (sources.length > 0)
    return withFaults(
      resolved,
      sources.map(message => ({ option: 'verify.against', message })),
    );
  const found = await checkPlugin(resolved.plan, resolving, AbortSignal.any([abort, AbortSignal.timeout(checkMsMax)]));
  const faults = found.flatMap(({ status, code, option, message, remedy }) =>
    status === 'fault' && code !== null && needsPerson.has(code)
      ? [
          {
            option: option ?? 'connector.class',
            message: `Error while validating connector config: ${sentence(message)} ${remedy ?? ''}`.trim(),
          },
        ]
      : [],
  );
  return faults.length === 0 ? resolved : withFaults(resolved, faults);
}

/** What a source or sink finds, in the time it has; nothing where it takes longer. */
async function checkPlugin(plan: ConnectorPlan, { context }: ConnectorResolving, abort: AbortSignal): Promise<readonly CheckResult[]> {
  const plugin = context(plan.name);
  await using looked = plan.createPlugin(plugin);
  const late = Promise.withResolvers<readonly CheckResult[]>();
  const stop = () => late.resolve([]);
  abort.addEventListener('abort', stop, { once: true });
  const checked = looked.check(abort).catch((thrown: unknown) => {
    const { code, message } = toSluiceError(thrown);
    plugin.logger.warn({ code }, `What the connector connects to could not be looked at before its start: ${message}`);
    return [];
  });
  try {
    return await Promise.race([checked, late.promise]);
  } finally {
    abort.removeEventListener('abort', stop);
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
