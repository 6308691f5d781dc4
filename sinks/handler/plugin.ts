import type { Plugin, Sink } from '../../src/contract/index.ts';
import { type HandlerConfig, handlerSpec } from './options.ts';
import { HandlerSink } from './sink.ts';

/** A sink whose target is the user's own code. */
export const handlerConnector: Plugin<HandlerConfig, Sink> = {
  spec: handlerSpec,
  create: (config, context) => new HandlerSink(config, context),
};
