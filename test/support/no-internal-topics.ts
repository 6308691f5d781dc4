import type { InternalTopics, SignalTopic } from '../../src/contract/index.ts';

/** A topic of signals in which there are none. */
export const noSignals: SignalTopic = {
  async *follow() {},
  async taken() {},
};

/** For a source that keeps no topics for itself. */
export const noInternalTopics: InternalTopics = {
  async *read() {},
  async truncate() {},
  signals: () => noSignals,
  servers: null,
};
