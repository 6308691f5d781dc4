import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { ask } from '../../integration/bad-input-fixture.ts';
import { type MongodbServer, startMongodb } from '../../services/mongodb.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { CapturedCollection } from './captured-collection.ts';

type Offsets = { readonly offsets: readonly { readonly partition: object; readonly offset: Record<string, unknown> }[] };

// On SecantusDB, in MongoDB's place: a server with an oplog of fifty entries.
describe('history that the oplog has lost', { timeout: 180_000 }, () => {
  let server: MongodbServer;
  let daemon: Daemon;

  before(async () => {
    const args = ['--oplog-retention-seconds', '1', '--oplog-max-entries', '50'];
    [server, daemon] = await Promise.all([startMongodb({ args }), startDaemon({})]);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Changes elsewhere, until nothing is left of what was before. */
  async function fillOplog(): Promise<void> {
    await using client = await MongoClient.connect(server.url);
    const elsewhere = client.db('elsewhere').collection('filler');
    for (let round = 0; round < 4; round++) await elsewhere.insertMany(Array.from({ length: 500 }, (_, n) => ({ n })));
  }

  /** The task stays failed, also when it is restarted; the remedy of its trace takes a new snapshot, and the stream goes on behind it. */
  async function assertMended(captured: CapturedCollection, reason: RegExp): Promise<void> {
    for (let start = 0; start < 2; start++) {
      if (start > 0) await captured.restart();
      const trace = await captured.failed();
      assert.match(trace, /^POSITION_LOST: /);
      assert.match(trace, reason);
      assert.match(trace, /Take a new snapshot \(snapshot\.mode=when_needed does it by itself\)/);
    }
    await captured.holds('r1', 'r2', 'c3');
    await captured.configure({ 'snapshot.mode': 'when_needed' });
    const mended = ['r1', 'r2', 'c3', 'r1', 'r2', 'r3', 'r4'];
    await captured.holds(...mended);
    await captured.insert(5);
    await captured.holds(...mended, 'c5');
  }

  test('while the connector is stopped', async () => {
    await using captured = await CapturedCollection.start(server, daemon);
    await captured.put('stop');
    await captured.insert(4);
    await fillOplog();
    await captured.put('resume');
    await assertMended(captured, /The changes behind the stored resume token cannot be read/);
  });

  test('a stored token that is none: of another server, or cut', async () => {
    await using captured = await CapturedCollection.start(server, daemon);
    await captured.put('stop');
    await captured.insert(4);
    const path = `/connectors/${captured.name}/offsets`;
    const { offsets } = (await ask(daemon, 'GET', path)).body as Offsets;
    const broken = offsets.map(({ partition, offset }) => ({ partition, offset: { ...offset, resume_token: '8200' } }));
    const { status, body } = await ask(daemon, 'PATCH', path, { offsets: broken });
    assert.equal(status, 200, JSON.stringify(body));
    await captured.put('resume');
    await assertMended(captured, /The changes behind the stored resume token cannot be read: resume token/);
  });
});
