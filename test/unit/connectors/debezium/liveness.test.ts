import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import { watchLiveness } from '../../../../connectors/debezium/liveness.ts';

const timings = { everyMs: 1_000, checks: 3, answerMsMax: 10_000 };
/** Timers are mocked here: a turn of the loop lets promises settle. */
const turn = () => new Promise(resolve => setImmediate(resolve));

/** A connection whose silence and answers the test decides. */
class Connection {
  listener: { waiting: boolean; heard: number } | null = { waiting: true, heard: 0 };
  asked = 0;
  readonly broken: string[] = [];
  answer: () => Promise<boolean> = () => Promise.resolve(true);

  watch(): Disposable {
    const ask = () => {
      this.asked++;
      return this.answer();
    };
    return watchLiveness({ listener: () => this.listener, ask, breakOff: ({ message }) => this.broken.push(message) }, timings);
  }
}

async function pass(t: TestContext, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    t.mock.timers.tick(1_000);
    await turn();
  }
}

let connection: Connection;
beforeEach(t => {
  (t as TestContext).mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  connection = new Connection();
});

test('a server that is still at it is asked again and again, and left alone', async t => {
  using _ = connection.watch();
  await pass(t, 3);
  assert.equal(connection.asked, 0, 'the first look only finds how much was heard');
  await pass(t, 7);
  assert.equal(connection.asked, 3);
  assert.deepEqual(connection.broken, []);
});

for (const [name, answer, reason] of [
  [
    'that knows nothing of it',
    () => Promise.resolve(false),
    'nothing has come from the server for 3 s, and it knows nothing of this connection any more',
  ],
  [
    'that cannot be asked',
    () => Promise.reject(new Error('closed')),
    'nothing has come from the server for 3 s, and it cannot be asked (closed)',
  ],
  // Checks go on while the answer is waited for, and no other question is asked.
  ['that does not answer', () => new Promise<boolean>(() => {}), 'nothing has come from the server for 13 s, and it does not answer'],
] as const) {
  test(`a connection is broken off whose server is one ${name}`, async t => {
    connection.answer = answer;
    using _ = connection.watch();
    await pass(t, 14);
    assert.equal(connection.broken[0], reason);
    if (/answer/.test(name)) assert.equal(connection.asked, 1);
  });
}

test('nobody is asked where something comes, where it is we who do not read, and where nobody listens', async t => {
  using _ = connection.watch();
  for (let round = 0; round < 5; round++) {
    connection.listener!.heard++;
    await pass(t, 2);
  }
  connection.listener!.waiting = false;
  await pass(t, 10);
  connection.listener = null;
  await pass(t, 10);
  assert.equal(connection.asked, 0);
});

test('what comes while the answer is waited for counts, and so does the watch’s end', async t => {
  const answers: ((serves: boolean) => void)[] = [];
  connection.answer = () => new Promise(resolve => answers.push(resolve));
  {
    using _ = connection.watch();
    await pass(t, 4);
    connection.listener!.heard++;
    answers[0]!(false);
    await pass(t, 5);
    assert.equal(connection.asked, 2);
  }
  answers[1]!(false);
  await pass(t, 20);
  assert.deepEqual(connection.broken, []);
});
