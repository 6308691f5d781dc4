import type { ConfigFault, OptionState, PluginContext, PluginRegistry, RawConfig, Transform } from '../contract/index.ts';

/** A connector's transforms, resolved. */
export type ResolvedTransforms = {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** States of `transforms.NAME.*` and `predicates.NAME.*`, by their full names. */
  readonly states: readonly OptionState[];
  /** The chain as one function; null where there are none. Only where there are no faults. */
  make(context: PluginContext): Transform | null;
};

/** Resolves the transforms of a config; the engine's is `resolveTransforms`. */
export type ResolveTransforms = (
  raw: RawConfig,
  aliases: { readonly transforms: readonly string[]; readonly predicates: readonly string[] },
  registry: PluginRegistry,
) => Promise<ResolvedTransforms>;
