import { type Import, importsOf, type SourceFile, withoutComments } from './source-files.ts';

/** A room of the program and what its files may import beside each other. */
type Room = {
  readonly folder: string;
  /** Folders or files of the project. */
  readonly files: readonly string[];
  readonly packages: readonly string[];
  /** Whether Node's own modules may be imported. */
  readonly builtins: boolean;
  /** Neither I/O nor clock nor randomness. */
  readonly pure: boolean;
};

const contract = 'src/contract';
const observe = 'src/observe';

function room(folder: string, files: readonly string[], packages: readonly string[] = [], { builtins = true, pure = false } = {}): Room {
  return { folder, files: [folder, ...files], packages, builtins, pure };
}

/** Who may import what: the table of docs/architecture.md. The first folder that a file lies in counts. */
export const rooms: readonly Room[] = [
  room(contract, [], [], { builtins: false, pure: true }),
  room(observe, [contract], ['pino', 'prom-client']),
  room('src/engine', [contract, observe]),
  room('src/log', [contract, observe], ['kafkajs', '@platformatic/kafka']),
  room('src/converters', [contract, observe]),
  room('src/config', [contract, observe], ['yaml']),
  // It answers for what the worker's services hold.
  room('src/rest', [contract, 'src/engine', observe, 'src/services'], ['jose']),
  room('src/takeover', [contract], [], { builtins: false }),
  // The event store in PostgreSQL speaks to it, and so do sagas that are kept there: services with a driver, each in a folder of its own.
  room('src/services/event-store/postgres', [contract, 'src/services'], ['pg']),
  room('src/services/sagas/postgres', [contract, 'src/services'], ['pg']),
  room('src/services', [contract, 'src/engine', observe]),
  room('connectors/debezium', [contract]),
  room('connectors/postgres', [contract, 'connectors/debezium'], ['pg', 'pg-copy-streams', 'pg-logical-replication']),
  room('connectors/mysql', [contract, 'connectors/debezium'], ['mysql2']),
  room('connectors/mongodb', [contract, 'connectors/debezium'], ['mongodb', 'bson']),
  room('transforms', [contract], ['@marcbachmann/cel-js'], { builtins: false, pure: true }),
];

/** The composition root: it alone names concrete plugins. Examples start the program as it does. */
const everythingBut = ['test', 'bench'];
const compositionRoot = [
  'src/main.ts',
  'src/cli',
  'src/registry.ts',
  'src/bootstrap.js',
  'src/node-flags.js',
  'src/build.ts',
  'src/reference',
  'src/sluice.js',
  'config',
];
/** Constants of the build. */
const forAll = ['src/version.ts'];

/** What makes a function's answer depend on more than its arguments. */
const impure = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bMath\.random\b/,
  /\bperformance\s*\./,
  /\bprocess\s*\./,
  /\bcrypto\s*\./,
  /\bfetch\(/,
  /\bset(?:Timeout|Interval|Immediate)\(/,
  /\bconsole\s*\./,
];

const within = (path: string, folders: readonly string[]) => folders.some(folder => path === folder || path.startsWith(`${folder}/`));

/** Of a file outside the rooms: the composition root may import all that runs, a constant nothing. */
function outsideViolation(path: string, { kind, target }: Import): string | null {
  if (kind !== 'file') return null;
  if (within(target, everythingBut))
    return `${path} imports ${target}: nothing that runs may import test or bench. Move what both need to src.`;
  return null;
}

function roomViolation(path: string, home: Room, { kind, target }: Import): string | null {
  switch (kind) {
    case 'file':
      if (within(target, home.files) || within(target, forAll)) return null;
      return (
        `${path} imports ${target}, but ${home.folder} may import only ${home.files.slice(1).join(', ') || 'nothing'}. ` +
        'Take it as an argument whose type stands in src/contract, or move the code to the room it belongs to.'
      );
    case 'package':
      if (home.packages.includes(target)) return null;
      return (
        `${path} imports the package ${target}, but ${home.folder} may use only ${home.packages.join(', ') || 'none'}. ` +
        'Use it in the room that owns it and pass the result, or add it to the table in test/unit/architecture/rooms.ts with a reason.'
      );
    case 'builtin':
      return home.builtins ? null : `${path} imports ${target}, but ${home.folder} does no I/O. Do it in the engine and pass the result.`;
  }
}

/** Everything a file does that the table forbids, each with its fix. */
export function violations(file: SourceFile): string[] {
  const imports = importsOf(file);
  const home = rooms.find(({ folder }) => within(file.path, [folder]));
  const sink = /^sinks\/[^/]+/.exec(file.path)?.[0];
  // What the sinks of SQL tables share is a room beside them, as connectors/debezium is.
  const shared = sink === 'sinks/views' || sink === 'sinks/jdbc' ? ['sinks/sql'] : [];
  if (sink)
    return violationsIn(
      file,
      room(sink, [contract, ...shared], [...imports.filter(({ kind }) => kind === 'package').map(({ target }) => target)]),
    );
  if (home) return violationsIn(file, home);
  if (within(file.path, [...compositionRoot, ...forAll])) return imports.flatMap(found => outsideViolation(file.path, found) ?? []);
  return [`${file.path} is in no room: move it to one, or give its folder a line in the table in test/unit/architecture/rooms.ts.`];
}

function violationsIn(file: SourceFile, home: Room): string[] {
  const wrong = importsOf(file).flatMap(found => roomViolation(file.path, home, found) ?? []);
  if (!home.pure) return wrong;
  const text = withoutComments(file.text);
  const used = impure.flatMap(pattern => pattern.exec(text)?.[0] ?? []);
  return [...wrong, ...used.map(call => `${file.path} uses ${call}: ${home.folder} is pure. Take the value as an argument instead.`)];
}
