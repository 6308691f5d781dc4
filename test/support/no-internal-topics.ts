import type { InternalTopics } from '../../src/contract/index.ts';

/** For a source that keeps no topics for itself. */
export const noInternalTopics: InternalTopics = {
  async *read() {},
  async truncate() {},
};
