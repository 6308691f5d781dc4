import type { Plugin } from '../../src/contract/index.ts';
import { type ViewsConfig, viewsSpec } from './options.ts';
import { ViewsVerification } from './verification.ts';
import { ViewsSink } from './views-sink.ts';

/** The sink of materialized views. */
export const viewsSink: Plugin<ViewsConfig, ViewsSink> = {
  spec: viewsSpec,
  create: (config, context) => new ViewsSink(config, context),
  sinkVerification: (config, context) => new ViewsVerification(config, context),
};
