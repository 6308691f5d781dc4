// `npm run build`: the sources as JavaScript in dist, which is what the package holds (types under node_modules are refused by Node).
// With a folder that is not there yet, in that one, and as the sources are: types are not checked (`npm run check` does that).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const given = process.argv[2];
const built = given ? resolve(given) : join(root, 'dist');

/** The checkout's commit, or null outside one. */
function checkedOut(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/**
 * Puts what is used of the Kafka client into the one file that names it, without the rest of its 330 files: with them a start took 0.2 s longer.
 * What it needs that is no JavaScript goes where its code, which then lies in that file, looks for it.
 */
async function bundleKafkaClient(): Promise<void> {
  const file = join(built, 'src', 'log', 'kafka', 'client.js');
  const library = createRequire(join(root, 'package.json'));
  const wasmTools = createRequire(library.resolve('@platformatic/kafka')).resolve('@platformatic/wasm-utils');
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Natives and formats that are loaded only where they are asked for.
    external: ['@node-rs/crc32', 'protobufjs', 'snappy'],
    nodePaths: [join(root, 'node_modules')],
    // Some of its dependencies are CommonJS.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
    legalComments: 'inline',
    logLevel: 'warning',
  });
  const wasm = join(built, 'src', 'log', 'dist', 'native.wasm');
  mkdirSync(dirname(wasm), { recursive: true });
  copyFileSync(join(dirname(wasmTools), 'native.wasm'), wasm);
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
  await bundleKafkaClient();
  const { name, version, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const gitHead = checkedOut();
  // What src/version.ts reads beside the built files; not the whole of package.json, whose paths are not those of this folder.
  writeFileSync(join(built, 'package.json'), `${JSON.stringify({ name, version, type, ...(gitHead && { gitHead }) }, null, 2)}\n`);
} else process.exitCode = status ?? 1;
