import type { ConfigFault, OptionMap, OptionState } from '../../contract/index.ts';
import type { TransformChain } from '../transform/transform-chain.ts';
import type { ResolvedConverters } from './connector-converters.ts';
import type { ConnectorPlan } from './connector-plan.ts';

/** Faults and warnings of one part of a config. */
export type ConfigFindings = { readonly faults: readonly ConfigFault[]; readonly warnings: readonly ConfigFault[] };

/** What both kinds have, once it is known to be valid. */
export type ResolvedParts = {
  /** Of the class's own spec. */
  readonly config: unknown;
  readonly states: readonly OptionState[];
  readonly chain: TransformChain;
  readonly converters: ResolvedConverters;
  /** Of what a sink publishes; null: the same. */
  readonly publishing: ResolvedConverters | null;
};

/** The part of a config that sources and sinks have each in their own way. */
export type ConnectorKind = {
  /** Options of all connectors of the kind. */
  readonly common: ConfigFindings & { readonly config: unknown; readonly states: readonly OptionState[] };
  readonly options: OptionMap;
  isCommon(name: string): boolean;
  /** What else was looked at: overrides, topic creation. */
  readonly parts: readonly ConfigFindings[];
  /** Called where nothing has a fault. */
  plan(parts: ResolvedParts): ConnectorPlan;
};
