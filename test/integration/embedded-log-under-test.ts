import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { silentLogger } from '../support/silent-logger.ts';
import type { LogUnderTest } from './log-suite.ts';

/** An embedded log in a folder of its own, for the suites. */
export async function embeddedLogUnderTest(): Promise<LogUnderTest> {
  const folder = new ScratchFolder('log');
  const open = () => openEmbeddedLog({ dataDir: folder.path, logger: silentLogger });
  let log = await open();
  return {
    get log() {
      return log;
    },
    async reopen() {
      await log[Symbol.asyncDispose]();
      log = await open();
    },
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
