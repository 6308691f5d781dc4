// `npm run build`: the sources as JavaScript in dist, which is what the package holds (types under node_modules are refused by Node).
// With a folder that is not there yet, in that one, and as the sources are: types are not checked (`npm run check` does that).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const given = process.argv[2];
const built = given ? resolve(given) : join(root, 'dist');

/** The checkout's commit, or null outside one. */
function checkedOut(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

if (!given) rmSync(built, { recursive: true, force: true });
else if (existsSync(built)) {
  process.stderr.write(`${built} exists already: name a folder that is to be made.\n`);
  process.exit(2);
}
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', built, ...(given ? ['--noCheck'] : [])],
  {
    stdio: 'inherit',
  },
);
if (status === 0) {
  const { name, version, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const gitHead = checkedOut();
  // What src/version.ts reads beside the built files; not the whole of package.json, whose paths are not those of this folder.
  writeFileSync(join(built, 'package.json'), `${JSON.stringify({ name, version, type, ...(gitHead && { gitHead }) }, null, 2)}\n`);
} else process.exitCode = status ?? 1;
