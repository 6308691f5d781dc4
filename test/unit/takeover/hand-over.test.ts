import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStreamOffset, SluiceError, type SourceOffset } from '../../../src/contract/index.ts';
import { handOver } from '../../../src/takeover/hand-over.ts';
import type { RestCaller } from '../../../src/takeover/rest-caller.ts';

type Held = { config: Record<string, string>; state: string; offsets: readonly SourceOffset[] };

/** A worker with connectors, as its REST API answers. */
class Worker {
  readonly held = new Map<string, Held>();
  readonly calls: string[] = [];
  /** What a resume comes to. */
  resumed = 'RUNNING';
  /** What it publishes once resumed: its offsets then. */
  publishes: readonly SourceOffset[] | null = null;
  refuses: RegExp | null = null;

  readonly call: RestCaller = async (method, path, body) => {
    this.calls.push(`${method} ${path}`);
    if (this.refuses?.test(`${method} ${path}`)) throw new SluiceError('BAD_REQUEST', `refused: ${method} ${path}`);
    if (path === '/connectors') {
      const made = body as { name: string; config: Record<string, string>; initial_state: string };
      this.held.set(made.name, { config: made.config, state: made.initial_state, offsets: [] });
      return null;
    }
    const [, , name = '', part = ''] = path.split('/');
    const held = this.held.get(name);
    if (held === undefined) throw new SluiceError('NOT_FOUND', `no ${name}`);
    if (method === 'GET' && part === 'config') return held.config;
    if (method === 'GET' && part === 'offsets') return { offsets: held.offsets };
    if (method === 'GET' && part === 'status') {
      const tasks = held.state === 'STOPPED' ? [] : [{ id: 0, state: held.state, trace: 'WHY: because\n at' }];
      return { connector: { state: held.state === 'FAILED' ? 'RUNNING' : held.state }, tasks };
    }
    if (part === 'config') held.config = body as Record<string, string>;
    if (part === 'offsets') held.offsets = (body as { offsets: readonly SourceOffset[] }).offsets;
    if (part === 'stop') held.state = 'STOPPED';
    if (part === 'resume') {
      held.state = this.resumed;
      held.offsets = this.publishes ?? held.offsets;
    }
    return null;
  };
}

const at = (lsn: number, more: object = {}): SourceOffset[] => [{ partition: { server: 's' }, offset: { lsn, ...more } }];

function twoWorkers(offsets: readonly SourceOffset[] = at(7)) {
  const [from, to, steps] = [new Worker(), new Worker(), [] as string[]];
  from.held.set('c', { config: { a: '1' }, state: 'RUNNING', offsets });
  let busy = 2;
  const way = {
    name: 'c',
    config: { a: '2' },
    from: from.call,
    to: to.call,
    wait: async () => {},
    busy: async () => busy-- > 0,
    tell: (step: string) => void steps.push(step),
  };
  return { from, to, way, steps };
}

test('it is made, stopped, given its offsets and started, in that order', async () => {
  const { from, to, way, steps } = twoWorkers();
  assert.deepEqual(await handOver(way), at(7));
  assert.equal(from.held.get('c')!.state, 'STOPPED');
  assert.deepEqual(to.held.get('c'), { config: { a: '2' }, state: 'RUNNING', offsets: at(7) });
  assert.equal(steps.length, 4);
  assert.ok(to.calls.indexOf('PATCH /connectors/c/offsets') < to.calls.indexOf('PUT /connectors/c/resume'));
});

test('only the offsets that the other worker takes go along', async () => {
  const beside: SourceOffset = { partition: { server: 's', sluice_captured: 'tables' }, offset: { tables: ['public.a'] } };
  const { to, way } = twoWorkers([beside, ...at(7)]);
  assert.deepEqual(await handOver({ ...way, carries: isStreamOffset }), at(7));
  assert.deepEqual(to.held.get('c')!.offsets, at(7));
});

test('offsets are read only when nobody reads the database any more', async () => {
  const { from, way } = twoWorkers();
  let looks = 0;
  const busy = async () => {
    looks++;
    // What the task stores at its very end.
    if (looks === 3) from.held.get('c')!.offsets = at(9);
    return looks < 3;
  };
  assert.deepEqual(await handOver({ ...way, busy }), at(9));
});

test('done again after it broke off, it goes on', async () => {
  const { from, to, way } = twoWorkers();
  from.held.get('c')!.state = 'STOPPED';
  to.held.set('c', { config: { a: 'old' }, state: 'STOPPED', offsets: [] });
  await handOver(way);
  assert.deepEqual(to.held.get('c'), { config: { a: '2' }, state: 'RUNNING', offsets: at(7) });
});

test('one that runs there already is not touched', async () => {
  const { from, to, way } = twoWorkers();
  to.held.set('c', { config: {}, state: 'RUNNING', offsets: [] });
  await assert.rejects(handOver(way), /is there already, and RUNNING/);
  assert.equal(from.held.get('c')!.state, 'RUNNING');
});

for (const [what, offsets, message] of [
  ['no position', [], /no offset yet/],
  ['half a snapshot', at(7, { snapshot: 'INITIAL', snapshot_completed: false }), /not finished its snapshot/],
  ['half a snapshot of MongoDB', at(7, { initsync: true }), /not finished its snapshot/],
] as const)
  test(`with ${what} it is left as it is`, async () => {
    const { from, to, way } = twoWorkers(offsets);
    await assert.rejects(handOver(way), message);
    assert.equal(from.held.get('c')!.state, 'RUNNING');
    assert.equal(to.held.size, 0);
  });

test('one that fails there with nothing published runs at its old place again', async () => {
  const { from, to, way } = twoWorkers();
  to.resumed = 'FAILED';
  await assert.rejects(
    handOver(way),
    (error: SluiceError) => /FAILED at its new place: WHY/.test(error.message) && /Nothing was published/.test(error.remedy),
  );
  assert.equal(from.held.get('c')!.state, 'RUNNING');
  assert.equal(to.held.get('c')!.state, 'STOPPED');
});

test('offsets that are refused there change nothing', async () => {
  const { from, to, way } = twoWorkers();
  to.refuses = /PATCH/;
  await assert.rejects(handOver(way), /refused: PATCH/);
  assert.equal(from.held.get('c')!.state, 'RUNNING');
});

test('one that fails there having published stays stopped at both: neither may go on without being told', async () => {
  const { from, to, way } = twoWorkers();
  to.resumed = 'FAILED';
  to.publishes = at(8);
  await assert.rejects(handOver(way), (error: SluiceError) => /may have published at its new place/.test(error.remedy));
  assert.equal(from.held.get('c')!.state, 'STOPPED');
  assert.equal(to.held.get('c')!.state, 'STOPPED');
});
