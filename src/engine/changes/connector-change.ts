import type { CheckResult, ConfigFault, OptionEffect, RawConfig, TargetState } from '../../contract/index.ts';
import type { ConnectorType } from '../connector/connector-plan.ts';

/** A connector as it is to be. */
export type WantedConnector = {
  readonly name: string;
  readonly config: RawConfig;
  /** The worker's file that holds it; null: it is made by REST. */
  readonly file: string | null;
  /** What a new connector begins as. */
  readonly targetState: TargetState;
};

/** One option that differs. Values as they may be shown (invariant 8); null: it is not given. */
export type ChangedOption = {
  readonly option: string;
  readonly before: string | null;
  readonly after: string | null;
  /** `restart`: the tasks start anew, and that is all. */
  readonly effect: OptionEffect | 'restart';
};

/** What becomes of a connector's stored position. */
export type PositionOutcome =
  /** It goes on where it was. */
  | 'kept'
  /** It goes on where it was, if the server it is now to read is the one its position is of; if not, it stops and says so. */
  | 'checked'
  /** There is one, and it does not count any more: it would begin anew. */
  | 'lost'
  /** There is none yet. */
  | 'new'
  /** The connector goes, its position stays. */
  | 'left';

/** Names that come and go. */
export type Difference = { readonly added: readonly string[]; readonly removed: readonly string[] };

/** What applying a wanted connector would do to a running one. Nothing has been changed by finding it out. */
export type ConnectorChange = {
  readonly name: string;
  readonly action: 'add' | 'change' | 'remove' | 'none';
  readonly type: ConnectorType | 'unknown';
  readonly class: string;
  /** The worker's file that holds it, or would from now on; null for one of REST. */
  readonly file: string | null;
  /** Why it cannot be applied this way; null: it can. */
  readonly refused: string | null;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** Of a connector that is made: what its database or target lacks for a start, now. */
  readonly findings: readonly CheckResult[];
  readonly options: readonly ChangedOption[];
  readonly position: PositionOutcome;
  /** The options, or the circumstance, by which the position is lost or held against another server. */
  readonly position_because: string | null;
  /** Whether tasks that run are started anew. */
  readonly restarts: boolean;
  /** Tables whose reading begins or ends; null: not known, and `unknown` says why. */
  readonly tables: Difference | null;
  /** Topics of tables, as they are called before transforms; of a sink those it is told to read. */
  readonly topics: Difference | null;
  readonly unknown: string | null;
  /** Tables that are read in full once it is applied. */
  readonly snapshot: readonly string[];
  /** Options by which keys, values, headers or, with a transform, topics take another form. */
  readonly records: readonly string[];
};

/** What a set of wanted connectors would change, in the order in which it is safe to do it. */
export type ChangePlan = {
  readonly changes: readonly ConnectorChange[];
  /** Files that cannot be read; what they hold stays as it runs. */
  readonly faults: readonly { readonly file: string; readonly message: string }[];
};

/**
 * The order in which changes are safe: what goes first, so that a slot, a server id or a group is free for whoever has it next; then the sinks, so
 * that they are there, in their new form, before the first record of a changed source.
 */
export function inSafeOrder(changes: readonly ConnectorChange[]): readonly ConnectorChange[] {
  const rank = ({ action, type }: ConnectorChange) => (action === 'remove' ? 0 : type === 'sink' ? 1 : 2);
  return [...changes].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Whether a change may be applied without being told more; the reason where it may not. */
export function obstacle(change: ConnectorChange): string | null {
  if (change.refused !== null) return change.refused;
  if (change.faults.length > 0) return change.faults.map(({ message }) => message).join('\n');
  return null;
}
