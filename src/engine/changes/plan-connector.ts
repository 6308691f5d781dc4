import {
  type CapturedTable,
  type CheckResult,
  type RawConfig,
  type SourceOffset,
  type StoredConnector,
  toSluiceError,
} from '../../contract/index.ts';
import { loadConnectorClass } from '../connector/connector-class.ts';
import { resolveConnector } from '../connector/connector-config.ts';
import type { ConnectorResolving, ResolvedConnector } from '../connector/connector-plan.ts';
import { resolveSubmission, unmaskSubmission } from '../connector/connector-submission.ts';
import { sameConfig } from '../supervisor/supervisor-connector.ts';
import { unmarked } from '../supervisor/supervisor-connectors.ts';
import { changedOptions } from './changed-options.ts';
import type { ChangedOption, ConnectorChange, Difference, PositionOutcome, WantedConnector } from './connector-change.ts';

/** What finding a change needs. */
export type Planning = {
  readonly resolving: ConnectorResolving;
  /** The offsets a connector has stored. */
  offsets(name: string): Promise<readonly SourceOffset[]>;
  readonly abort: AbortSignal;
};

/** How long a database may take to list its tables. */
const listMsMax = 10_000;
/** Modes in which rows that are there already are not read when a connector begins. */
const readsNothing: ReadonlySet<string> = new Set(['no_data', 'never', 'schema_only', 'schema_only_recovery', 'recovery']);
const noDifference: Difference = { added: [], removed: [] };

/**
 * What it would do to a stored connector to become the wanted one. null for `stored`: there is none of the name yet; null for `wanted`: it is to
 * go. Looks at the database and changes nothing. Never rejects for what is wrong with the wanted config: that is in `faults`.
 */
export async function planConnector(
  stored: StoredConnector | null,
  wanted: WantedConnector | null,
  planning: Planning,
): Promise<ConnectorChange> {
  const running = stored === null ? null : unmarked(stored);
  const before = running === null ? null : await resolved(running.config, planning);
  if (wanted === null) return removal(running!.name, running!.file, before);
  const { name, file } = wanted;
  const config = running === null ? wanted.config : await unmaskedConfig(wanted.config, running.config, planning);
  const same = running !== null && sameConfig(config, running.config) && running.file === file;
  const nothing = { findings: [], options: [], position: 'kept', position_because: null, restarts: false } as const;
  const common = { name, file, refused: null, tables: noDifference, topics: noDifference, unknown: null, snapshot: [], records: [] };
  const what = { type: before?.type ?? ('unknown' as const), class: before?.class ?? config['connector.class'] ?? '' };
  if (same) return { ...common, ...what, ...nothing, action: 'none', faults: [], warnings: [] };
  const action = running === null ? 'add' : 'change';
  let after: ResolvedConnector;
  try {
    after = await resolveSubmission(config, planning.resolving, planning.abort);
  } catch (thrown) {
    const faults = [{ option: 'connector.class', message: toSluiceError(thrown).message }];
    return { ...common, ...what, ...nothing, action, faults, warnings: [] };
  }
  const { plugin } = await loadConnectorClass(after.class, planning.resolving.registry);
  const options = running === null ? [] : changedOptions({ config: running.config, resolved: before }, { config, resolved: after }, plugin);
  const position = await positionOf(name, after, options, running === null, planning);
  const reached = await reach(before, after, options, running === null, planning);
  const begins = position.position === 'new' || position.position === 'lost';
  const mode =
    after.states
      .find(state => state.name === 'snapshot.mode')
      ?.value?.trim()
      .toLowerCase() ?? '';
  return {
    ...common,
    action,
    type: after.type,
    class: after.class,
    faults: after.faults,
    warnings: after.warnings,
    findings: running === null ? await findings(after, planning) : [],
    options,
    ...position,
    restarts: options.length > 0 && running!.targetState === 'STARTED',
    tables: reached.tables,
    topics: reached.topics,
    unknown: reached.unknown,
    snapshot: after.type !== 'source' ? [] : !begins ? reached.readWhenAdded : readsNothing.has(mode) ? [] : reached.all,
    records: options.filter(({ effect }) => effect === 'records').map(({ option }) => option),
  };
}

function removal(name: string, file: string | null, before: ResolvedConnector | null): ConnectorChange {
  return {
    name,
    action: 'remove',
    type: before?.type ?? 'unknown',
    class: before?.class ?? '',
    file,
    refused: null,
    faults: [],
    warnings: [],
    findings: [],
    options: [],
    position: 'left',
    position_because: null,
    restarts: false,
    tables: noDifference,
    topics: noDifference,
    unknown: null,
    snapshot: [],
    records: [],
  };
}

/** A config as it is stored; null where it cannot be read any more. */
function resolved(config: RawConfig, { resolving }: Planning): Promise<ResolvedConnector | null> {
  return resolveConnector(config, resolving).catch(() => null);
}

/** A mask that was read from an answer means the stored secret. One that stands for nothing stays, and is found when the config is applied. */
async function unmaskedConfig(config: RawConfig, stored: RawConfig, { resolving }: Planning): Promise<RawConfig> {
  return unmaskSubmission(config, stored, resolving.registry).then(
    given => given as RawConfig,
    () => config,
  );
}

async function positionOf(
  name: string,
  after: ResolvedConnector,
  options: readonly ChangedOption[],
  isNew: boolean,
  planning: Planning,
): Promise<{ readonly position: PositionOutcome; readonly position_because: string | null }> {
  const by = (effect: ChangedOption['effect']) => options.filter(option => option.effect === effect).map(({ option }) => option);
  const has = (await planning.offsets(name).catch(() => [])).some(({ offset }) => offset !== null);
  if (!has) return { position: after.type === 'sink' && !isNew ? 'kept' : 'new', position_because: null };
  if (isNew) return { position: 'kept', position_because: 'a connector of this name has stored one' };
  const [lost, checked] = [by('position'), by('server')];
  if (lost.length > 0) return { position: 'lost', position_because: lost.join(', ') };
  if (checked.length > 0) return { position: 'checked', position_because: checked.join(', ') };
  return { position: 'kept', position_because: null };
}

type Reach = {
  readonly tables: Difference | null;
  readonly topics: Difference | null;
  readonly unknown: string | null;
  /** All tables that it would capture. */
  readonly all: readonly string[];
  /** Those that begin and whose rows are read although the position is kept. */
  readonly readWhenAdded: readonly string[];
};

const noReach: Reach = { tables: noDifference, topics: noDifference, unknown: null, all: [], readWhenAdded: [] };

/** Which tables and topics begin and end. The database is asked only where the change may concern them. */
async function reach(
  before: ResolvedConnector | null,
  after: ResolvedConnector,
  options: readonly ChangedOption[],
  isNew: boolean,
  { abort }: Planning,
): Promise<Reach> {
  if (after.type === 'sink') return { ...noReach, topics: difference(topicsOfSink(before), topicsOfSink(after)) };
  const concerned = isNew || options.some(({ effect }) => effect !== 'restart' && effect !== 'records');
  if (!concerned || after.plan === null) return noReach;
  const signal = AbortSignal.any([abort, AbortSignal.timeout(listMsMax)]);
  try {
    const is = await captured(after, signal);
    // What the connector reads now may not be had any more: then all it will read is new, as it is to whoever reads the plan.
    const was = before?.type === 'source' ? await captured(before, signal) : [];
    const names = (tables: readonly CapturedTable[]) => tables.map(({ name }) => name);
    const topics = (tables: readonly CapturedTable[]) => tables.map(({ topic }) => topic);
    const knownBefore = new Set(names(was));
    const readWhenAdded = names(is.filter(({ name, readWhenAdded: read }) => read === true && !knownBefore.has(name)));
    return {
      tables: difference(names(was), names(is)),
      topics: difference(topics(was), topics(is)),
      unknown: null,
      all: names(is),
      readWhenAdded,
    };
  } catch (thrown) {
    return { ...noReach, tables: null, topics: null, unknown: toSluiceError(thrown).message };
  }
}

async function captured({ plan }: ResolvedConnector, abort: AbortSignal): Promise<readonly CapturedTable[]> {
  return (await plan?.captured?.(abort)) ?? [];
}

/** What a connector's own check finds wrong. */
async function findings({ plan }: ResolvedConnector, { resolving, abort }: Planning): Promise<readonly CheckResult[]> {
  if (plan === null) return [];
  await using plugin = plan.createPlugin(resolving.context(plan.name));
  try {
    const found = await plugin.check(AbortSignal.any([abort, AbortSignal.timeout(listMsMax)]));
    return found.filter(({ status }) => status !== 'ok');
  } catch (thrown) {
    const { code, message, remedy } = toSluiceError(thrown);
    return [{ subject: plan.name, status: 'fault', code, option: null, message, remedy }];
  }
}

function topicsOfSink(sink: ResolvedConnector | null): readonly string[] {
  const topics = sink?.plan?.sink?.topics;
  return Array.isArray(topics) ? topics : topics === undefined ? [] : [String(topics)];
}

function difference(before: readonly string[], after: readonly string[]): Difference {
  const [was, is] = [new Set(before), new Set(after)];
  return { added: [...is].filter(name => !was.has(name)), removed: [...was].filter(name => !is.has(name)) };
}
