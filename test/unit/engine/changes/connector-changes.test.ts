import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CapturedTable, PluginRegistry } from '../../../../src/contract/index.ts';
import type { WantedConnector } from '../../../../src/engine/changes/connector-change.ts';
import { type ChangeRequest, ConnectorChanges } from '../../../../src/engine/changes/connector-changes.ts';
import type { FileConnector } from '../../../../src/engine/supervisor/supervisor-loading.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { until } from '../../../support/until.ts';
import { scriptedRegistry } from '../scripted-source.ts';
import { config, resolvingWith, Supervised } from '../supervised.ts';

const started = { initialState: 'STARTED', losePosition: false } as const;

/** The scripted connector, whose `hostname` lists its tables, whose `port` is part of its position, and whose `mode` makes its records. */
function registryOf(supervised: Supervised): PluginRegistry {
  const scripted = scriptedRegistry(supervised.script);
  const effects = { hostname: 'tables', port: 'position', mode: 'records' } as const;
  return {
    list: scripted.list,
    async load(type, name) {
      const plugin = await scripted.load(type, name);
      if (type !== 'source') return plugin;
      return {
        ...plugin,
        effectOf: (option: string) => effects[option as keyof typeof effects] ?? null,
        captured: async (parsed: unknown): Promise<readonly CapturedTable[]> => {
          const { hostname } = parsed as { hostname: string };
          if (hostname === 'away') throw new Error('no such host');
          return hostname.split(' ').map(table => ({ name: table, topic: `t.${table}` }));
        },
      };
    },
  };
}

/** A worker whose files are in `files`. */
class Changing implements AsyncDisposable {
  readonly supervised = new Supervised();
  files: FileConnector[] = [];
  faults: { file: string; message: string }[] = [];
  readonly logged: string[] = [];
  readonly #stopping = new AbortController();
  #changes: ConnectorChanges | null = null;

  get changes(): ConnectorChanges {
    return this.#changes!;
  }

  async start(): Promise<this> {
    await this.supervised.start(this.files);
    const log = (_: object, text: string) => void this.logged.push(text);
    this.#changes = new ConnectorChanges({
      supervisor: this.supervised.supervisor,
      resolving: { ...resolvingWith(this.supervised.script), registry: registryOf(this.supervised) },
      log: () => this.supervised.log,
      readFiles: async () => ({ connectors: this.files, faults: this.faults }),
      logger: { ...silentLogger, info: log, warn: log },
      pause: delayMs => new Promise(resolve => setTimeout(resolve, Math.min(delayMs, 5))),
      stopping: this.#stopping.signal,
    });
    return this;
  }

  async running(name: string): Promise<void> {
    const { supervisor } = this.supervised;
    await until(() => supervisor.status(name).tasks[0]?.state === 'RUNNING', { what: `${name} to run`, timeoutMs: 60_000 });
  }

  /** As if the connector had read something. */
  async stored(name: string): Promise<void> {
    await using writer = await this.supervised.log.writer(
      { connector: name, task: 0 },
      { producerOverrides: {}, transactional: true },
      new AbortController().signal,
    );
    await writer.append({ records: null, offsets: [{ partition: { server: name }, offset: { lsn: 1 } }] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.supervised[Symbol.asyncDispose]();
  }
}

const wanted = (name: string, changes: Record<string, string> = {}): WantedConnector => ({
  name,
  config: { ...config(changes), name },
  file: null,
  targetState: 'STARTED',
});
const inFile = (name: string, changes: Record<string, string> = {}, file = `/f/${name}.yaml`): FileConnector => ({
  ...wanted(name, changes),
  file,
});
const request = (name: string, changes: Record<string, string> = {}): ChangeRequest => ({
  config: wanted(name, changes).config,
  ...started,
});

describe('what would change', () => {
  test('a new connector: its tables, its topics, what is read in full', async () => {
    await using changing = await new Changing().start();
    const { changes } = await changing.changes.plan([wanted('c', { hostname: 'a b' })], false);
    const [change] = changes;
    assert.equal(changes.length, 1);
    assert.equal(change!.action, 'add');
    assert.deepEqual([change!.position, change!.restarts], ['new', false]);
    assert.deepEqual(change!.tables, { added: ['a', 'b'], removed: [] });
    assert.deepEqual(change!.topics, { added: ['t.a', 't.b'], removed: [] });
    assert.deepEqual(change!.snapshot, ['a', 'b']);
    assert.deepEqual(changing.supervised.supervisor.names(), [], 'nothing is made');
  });

  test('options with what each does, tables that come and go, secrets masked', async () => {
    await using changing = await new Changing().start();
    await changing.changes.apply('c', request('c', { hostname: 'a b', pass: 'hush' }));
    await changing.running('c');
    const [change] = (
      await changing.changes.plan([wanted('c', { hostname: 'b c', mode: 'never', pass: 'hush2', 'errors.max.retries': '3' })], false)
    ).changes;
    assert.deepEqual(
      change!.options.map(({ option, effect }) => [option, effect]),
      [
        ['errors.max.retries', 'restart'],
        ['hostname', 'tables'],
        ['mode', 'records'],
        ['pass', 'restart'],
      ],
    );
    assert.deepEqual(change!.tables, { added: ['c'], removed: ['a'] });
    assert.deepEqual([change!.records, change!.restarts, change!.snapshot], [['mode'], true, ['b', 'c']]);
    assert.doesNotMatch(JSON.stringify(change), /hush/);
  });

  test('a default that is said in so many words changes no position', async () => {
    await using changing = await new Changing().start();
    await changing.changes.apply('c', request('c'));
    await changing.running('c');
    await changing.stored('c');
    const of = async (changes: Record<string, string>) => (await changing.changes.plan([wanted('c', changes)], false)).changes[0]!;
    assert.deepEqual([(await of({})).action, (await of({})).position], ['none', 'kept']);
    assert.deepEqual([(await of({ port: '5432' })).position, (await of({ port: '5432' })).options[0]!.effect], ['kept', 'restart']);
    const lost = await of({ port: '1' });
    assert.deepEqual([lost.position, lost.position_because, lost.snapshot], ['lost', 'port', ['h']]);
  });

  test('faults are told with the nearest name, and a database that is away leaves tables unknown', async () => {
    await using changing = await new Changing().start();
    const { changes } = await changing.changes.plan(
      [
        wanted('a', { mode: 'intial' }),
        wanted('b', { hostname: 'away' }),
        { ...wanted('c'), config: { name: 'c', 'connector.class': 'postgrs' } },
      ],
      false,
    );
    const of = (name: string) => changes.find(change => change.name === name)!;
    assert.match(of('a').faults[0]!.message, /did you mean "initial"/);
    assert.deepEqual([of('b').tables, of('b').unknown], [null, 'no such host']);
    assert.match(of('c').faults[0]!.message, /Failed to find any class/);
  });

  test('what goes is first, and prune takes what REST made and nobody wants', async () => {
    await using changing = await new Changing().start();
    for (const name of ['z', 'y']) await changing.changes.apply(name, request(name));
    const plan = async (prune: boolean) =>
      (await changing.changes.plan([wanted('a'), wanted('y')], prune)).changes.map(({ name, action }) => [name, action]);
    assert.deepEqual(await plan(false), [
      ['a', 'add'],
      ['y', 'none'],
    ]);
    assert.deepEqual(await plan(true), [
      ['z', 'remove'],
      ['a', 'add'],
      ['y', 'none'],
    ]);
  });
});

describe('applying', () => {
  test('is refused where a position would be lost, unless told; then it begins anew', async () => {
    await using changing = await new Changing().start();
    const { supervised, changes } = changing;
    await changes.apply('c', request('c'));
    await changing.running('c');
    await changing.stored('c');
    await assert.rejects(changes.apply('c', request('c', { port: '1' })), /would lose its position by port.*Nothing is changed/);
    assert.equal((await supervised.log.connectors.offsets('c')).length, 1);
    await changes.apply('c', { ...request('c', { port: '1' }), losePosition: true });
    await changing.running('c');
    assert.deepEqual(await supervised.log.connectors.offsets('c'), []);
    assert.deepEqual([supervised.script.configs.at(-1)!['port'], supervised.script.lastOffsets], [1, []]);
  });

  test('tasks are the new ones when it answers', async () => {
    await using changing = await new Changing().start();
    await changing.changes.apply('c', request('c'));
    await changing.running('c');
    await changing.changes.apply('c', request('c', { mode: 'never' }));
    await changing.running('c');
    assert.equal(changing.supervised.script.configs.at(-1)!['mode'], 'never');
  });

  test('a connector with faults is not touched', async () => {
    await using changing = await new Changing().start();
    await changing.changes.apply('c', request('c'));
    await assert.rejects(changing.changes.apply('c', request('c', { mode: 'x' })), /Value must be one of/);
    assert.equal(changing.supervised.supervisor.info('c').config['mode'], undefined);
  });
});

describe('connectors of files', () => {
  test('follow them: changed, made and removed, those of REST left alone', async () => {
    await using changing = new Changing();
    changing.files = [inFile('a'), inFile('b')];
    await changing.start();
    await changing.changes.apply('rest', request('rest'));
    changing.files = [inFile('a', { mode: 'never' }), inFile('n')];
    const { changes } = await changing.changes.planFiles();
    assert.deepEqual(
      changes.map(({ name, action, file }) => [name, action, file]),
      [
        ['b', 'remove', '/f/b.yaml'],
        ['a', 'change', '/f/a.yaml'],
        ['n', 'add', '/f/n.yaml'],
      ],
    );
    await changing.changes.follow();
    const { supervisor } = changing.supervised;
    assert.deepEqual(supervisor.names(), ['a', 'n', 'rest']);
    assert.equal(supervisor.info('a').config['mode'], 'never');
    assert.equal(supervisor.progress('n').file, '/f/n.yaml');
    assert.ok((await changing.changes.planFiles()).changes.every(({ action }) => action === 'none'));
  });

  test('REST may not change them otherwise, but may apply what the file says', async () => {
    await using changing = new Changing();
    changing.files = [inFile('a')];
    await changing.start();
    await assert.rejects(
      changing.changes.apply('a', request('a', { mode: 'never' })),
      /held by the worker's file \/f\/a\.yaml, which does not say this/,
    );
    await assert.rejects(changing.supervised.supervisor.put('a', wanted('a').config, { replace: true }), /sluice apply/);
    await assert.rejects(changing.changes.apply('a', { config: null, ...started }), /take it out there first/);
    changing.files = [inFile('a', { mode: 'never' })];
    await changing.changes.apply('a', request('a', { mode: 'never' }));
    assert.equal(changing.supervised.supervisor.progress('a').file, '/f/a.yaml');
    assert.equal(changing.supervised.supervisor.info('a').config['mode'], 'never');
  });

  test('a file that cannot be read, a fault and a lost position stop nothing of what runs', async () => {
    await using changing = new Changing();
    changing.files = [inFile('unread'), inFile('faulty'), inFile('losing'), inFile('good')];
    await changing.start();
    for (const { name } of changing.files) await changing.running(name);
    await changing.stored('losing');
    // What stores an offset from elsewhere fences the task.
    const before = changing.supervised.script.disposed;
    changing.files = [inFile('faulty', { mode: 'x' }), inFile('losing', { port: '1' }), inFile('good')];
    changing.faults = [{ file: '/f/unread.yaml', message: '/f/unread.yaml:3: not YAML' }];
    await changing.changes.follow();
    assert.deepEqual(changing.supervised.supervisor.names(), ['faulty', 'good', 'losing', 'unread']);
    assert.ok(changing.logged.some(text => /cannot be read.*stays as it runs.*unread\.yaml:3/.test(text)));
    assert.ok(changing.logged.some(text => /connector faulty is not applied.*Value must be one of/.test(text)));
    assert.ok(changing.logged.some(text => /connector losing is not applied.*would lose its position/.test(text)));
    assert.equal(changing.supervised.script.disposed, before, 'no task has ended');
  });

  test('files that are all gone at once remove nothing by themselves', async () => {
    await using changing = new Changing();
    changing.files = [inFile('a')];
    await changing.start();
    changing.files = [];
    await changing.changes.follow();
    assert.deepEqual(changing.supervised.supervisor.names(), ['a']);
    await changing.changes.apply('a', { file: true, ...started });
    assert.deepEqual(changing.supervised.supervisor.names(), []);
  });
});
