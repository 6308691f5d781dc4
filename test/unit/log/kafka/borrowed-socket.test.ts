import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Reader, TimeoutError, Writer } from '@platformatic/kafka';
import { BorrowedSocket } from '../../../../src/log/kafka/borrowed-socket.ts';
import { isLost } from '../../../../src/log/kafka/errors.ts';
import { until } from '../../../support/until.ts';

const produce = 0;
const version = 8;

/** A connection as the client library has it, and the broker's end of it. */
async function connected(): Promise<{ ours: Socket; broker: Socket; theirs: Buffer[] } & AsyncDisposable> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const ours = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[broker]] = await Promise.all([accepted, once(ours, 'connect')]);
  // As the library has one.
  ours.on('error', () => {});
  const theirs: Buffer[] = [];
  ours.on('data', chunk => theirs.push(chunk));
  return {
    ours,
    broker,
    theirs,
    async [Symbol.asyncDispose]() {
      ours.destroy();
      broker.destroy();
      server.close();
    },
  };
}

/** A request as it came over the wire: its correlation id, the client's id and the body. */
function requestOf(frame: Buffer): { id: number; clientId: string | null; body: Buffer } {
  const reader = Reader.from(frame.subarray(4));
  assert.equal(frame.readInt32BE(0), frame.length - 4);
  assert.deepEqual([reader.readInt16(), reader.readInt16()], [produce, version]);
  return { id: reader.readInt32(), clientId: reader.readNullableString(false), body: frame.subarray(4 + reader.position) };
}

/** An answer: its length, the id of the request, a text. */
function answer(id: number, text: string): Buffer {
  const bytes = Buffer.alloc(8 + text.length);
  bytes.writeInt32BE(4 + text.length, 0);
  bytes.writeInt32BE(id, 4);
  bytes.write(text, 8);
  return bytes;
}

type Outcome = { text?: string; error?: Error };

function ask(socket: BorrowedSocket, pieces: readonly Buffer[]): Promise<Outcome> {
  const payload = () => pieces.reduce((writer, piece) => writer.append(piece), Writer.create());
  const parse = (_id: number, _key: number, _version: number, reader: Reader) => reader.buffer.toString('utf8', reader.position);
  return new Promise(resolve => {
    socket.send(produce, version, payload, parse, false, false, (error, text) => resolve(error ? { error } : { text: text! }));
  });
}

function received(socket: Socket): () => Buffer {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

test('a request of small and large pieces goes out whole; its answer is found however it is cut, and the library gets its own', async () => {
  await using wire = await connected();
  const socket = BorrowedSocket.of({ socket: wire.ours }, 'client', 60_000);
  assert.equal(BorrowedSocket.of({ socket: wire.ours }, 'client', 60_000), socket);
  const arrived = received(wire.broker);
  const large = Buffer.alloc(1 << 20, 'x');
  const pieces = [Buffer.from('head'), large, Buffer.from('tail')];
  const body = Buffer.concat(pieces);
  const [one, two] = [ask(socket, pieces), ask(socket, [Buffer.from('second')])];
  await until(() => arrived().length >= body.length + 46, { what: 'both requests' });
  const first = requestOf(arrived().subarray(0, 4 + arrived().readInt32BE(0)));
  assert.equal(first.clientId, 'client');
  assert.ok(first.body.equals(body));
  const second = requestOf(arrived().subarray(4 + arrived().readInt32BE(0)));
  assert.equal(second.body.toString(), 'second');
  assert.ok(first.id < 0 && second.id < 0 && first.id !== second.id);
  const library = answer(7, 'for the library');
  const bytes = Buffer.concat([answer(first.id, 'one'), library, answer(second.id, 'two'), library]);
  for (const cut of [3, 9, 20, 41, bytes.length - 1, bytes.length]) {
    const from = [0, 3, 9, 20, 41, bytes.length - 1][[3, 9, 20, 41, bytes.length - 1, bytes.length].indexOf(cut)]!;
    const seen = wire.ours.bytesRead;
    wire.broker.write(bytes.subarray(from, cut));
    await until(() => wire.ours.bytesRead >= seen + cut - from, { what: 'a piece of the answers' });
  }
  assert.deepEqual([await one, await two], [{ text: 'one' }, { text: 'two' }]);
  await until(() => Buffer.concat(wire.theirs).length === 2 * library.length, { what: 'the library’s answers' });
  assert.ok(Buffer.concat(wire.theirs).equals(Buffer.concat([library, library])));
});

test('an answer that does not come is a time-out; one that comes too late is nobody’s, and the next is found', async t => {
  await using wire = await connected();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const socket = BorrowedSocket.of({ socket: wire.ours }, 'client', 50);
  const arrived = received(wire.broker);
  const late = ask(socket, [Buffer.from('late')]);
  await until(() => arrived().length > 0, { what: 'the request' });
  t.mock.timers.tick(50);
  const { error } = await late;
  assert.ok(error instanceof TimeoutError && isLost(error), String(error));
  const { id } = requestOf(arrived());
  const bytes = arrived().length;
  const next = ask(socket, [Buffer.from('next')]);
  await until(() => arrived().length > bytes, { what: 'the next request' });
  wire.broker.write(Buffer.concat([answer(id, 'too late'), answer(requestOf(arrived().subarray(bytes)).id, 'in time')]));
  assert.deepEqual(await next, { text: 'in time' });
  assert.deepEqual(wire.theirs, []);
});

test('a connection that ends loses what is under way, and takes nothing more', async () => {
  await using wire = await connected();
  const socket = BorrowedSocket.of({ socket: wire.ours }, 'client', 60_000);
  const asked = [ask(socket, [Buffer.from('one')]), ask(socket, [Buffer.from('two')])];
  wire.broker.destroy();
  for (const { error } of await Promise.all(asked)) assert.ok(isLost(error), String(error));
  const { error } = await ask(socket, [Buffer.from('three')]);
  assert.ok(isLost(error), String(error));
});

test('what is not the protocol goes to the library, which can say what it is', async () => {
  await using wire = await connected();
  BorrowedSocket.of({ socket: wire.ours }, 'client', 60_000);
  const alert = Buffer.from('15030300020228', 'hex');
  wire.broker.write(Buffer.concat([alert, Buffer.from('more')]));
  await until(() => wire.theirs.length > 0, { what: 'the library to hear of it' });
  assert.ok(Buffer.concat(wire.theirs).subarray(0, alert.length).equals(alert));
});
