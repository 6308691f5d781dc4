// The first thing every npm script runs, on whatever Node (20 or newer) the machine has and with nothing installed: so plain
// JavaScript and nothing installed in its imports. Installs the packages when they are missing or not those of package-lock.json, then runs the
// program on Node 24, which the `node` package brings, by its path (the PATH of this npm script was made before the install).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocatorSettings, nodeFlags } from './node-flags.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const needed = 24;

/** Whether node_modules holds what package-lock.json says: compared by content, since a checkout gives files any time. */
function installed() {
  try {
    const read = name => JSON.parse(readFileSync(join(root, name), 'utf8')).packages;
    const present = read('node_modules/.package-lock.json');
    for (const [path, wanted] of Object.entries(read('package-lock.json'))) {
      if (path === '' || (wanted.optional && !present[path])) continue; // the project itself; another platform's
      const { version, integrity } = present[path] ?? {};
      if (version !== wanted.version || integrity !== wanted.integrity) return false;
    }
    return existsSync(nodePath());
  } catch {
    return false;
  }
}

/** Node 24: this one if it is new enough, else the `node` package's. */
function nodePath() {
  if (Number(process.versions.node.split('.')[0]) >= needed) return process.execPath;
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function install() {
  process.stderr.write('Installing the packages (npm ci) ...\n');
  const npm = process.env.npm_execpath; // the npm that runs this script, else the one of the PATH
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']];
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status === 0 && installed()) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  process.stderr.write(`npm ci did not install ${status === 0 ? `Node ${needed} (${nodePath()})` : 'the packages'}.\n`);
  process.exit(status || 1);
}

const bin = name => join(root, 'node_modules', name);
const setup = '--test-global-setup=test/global-setup.ts';
const concurrency = '--test-concurrency=2';
const watchdog = '--import=./test/support/watchdog.ts';

/** Test runs take options of `node --test`; file patterns given replace the script's own. */
function tests(pattern, options, args) {
  const patterns = args.some(arg => !arg.startsWith('-')) ? [] : [pattern];
  return [['--test', watchdog, ...options, ...args, ...patterns]];
}

/** What each script runs: lists of Node's arguments, one after the other until one fails. */
const scripts = {
  sluice: args => [[...nodeFlags, 'src/main.ts', ...args]],
  demo: args => [[...nodeFlags, `config/examples/${args.includes('--services') ? 'order-saga/demo' : 'demo'}/demo.ts`, ...args]],
  test: args => tests('test/**/*.test.ts', [setup, concurrency], args),
  'test:unit': args => tests('test/unit/**/*.test.ts', [concurrency], args),
  'test:conformance': args => tests('test/conformance/**/*.test.ts', [setup, concurrency], args),
  // Every fault, with many rounds of each; what `npm test` runs of them are the *.test.ts files, with three.
  fault: args => tests('test/fault/**/*.{test,fault}.ts', [setup, concurrency], args),
  bench: args => [['bench/main.ts', ...args]],
  check: () => [
    [bin('typescript/bin/tsc'), '--noEmit', '-p', '.'],
    [bin('@biomejs/biome/bin/biome'), 'check', '.'],
    ['--test', 'test/unit/architecture/*.test.ts'],
  ],
  build: args => [['src/build.ts', ...args]],
  docs: () => [['src/reference/write.ts']],
  format: () => [[bin('@biomejs/biome/bin/biome'), 'check', '--write', '.']],
};

/** kafkajs sets timers in the past, which Node 24 says at every connection; nobody can do anything about it. */
const quiet = '--disable-warning=TimeoutNegativeWarning';

/** Runs Node in the foreground; its exit code or signal. */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(nodePath(), [quiet, ...args], { cwd: root, stdio: 'inherit', env: { ...allocatorSettings, ...process.env } });
    const forward = signal => {
      // A terminal sends Ctrl-C to the whole group, so the child has it already: a second one would read as "now at once".
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve({ code, signal });
    });
  });
}

const [name, ...args] = process.argv.slice(2);
const script = scripts[name];
if (!script) {
  process.stderr.write(`usage: node src/bootstrap.js ${Object.keys(scripts).join('|')} [arguments]\n`);
  process.exit(2);
}
if (!installed()) install();
for (const command of script(args)) {
  const { code, signal } = await run(command);
  if (signal) process.kill(process.pid, signal); // end as the child did
  if (code !== 0) process.exit(code ?? 1);
}
