import type { Logger } from '../../src/contract/index.ts';

/** Says nothing: for tests of what is not the log. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
