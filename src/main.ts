// The command line's first file: it loads next to nothing, so that `--help` and REST are there at once.
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
