import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { logSuite } from './log-suite.ts';

logSuite('embedded', async () => {
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
});
