import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { type Streaming, type StreamTimes, sendEvents } from '../../../../src/rest/services/event-stream.ts';
import { until } from '../../../support/until.ts';

const unhurried: StreamTimes = { heartbeatMs: 3_600_000, stalledMsMax: 3_600_000 };

/** A server that answers one request with a stream. */
async function streamed(streaming: Streaming, times: StreamTimes, closing = new AbortController()) {
  const ended = Promise.withResolvers<unknown>();
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/event-stream');
    response.flushHeaders();
    void sendEvents(response, streaming, closing.signal, times).then(ended.resolve);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [response] = (await once(get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }), 'response')) as [
    IncomingMessage,
  ];
  response.on('error', () => {});
  return {
    response,
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      response.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

describe('a stream of events', () => {
  test('is sent no faster than its client takes it, and whole', async () => {
    const piece = 'x'.repeat(64 * 1024);
    const pieces = 600;
    let written = 0;
    let waits = false;
    await using stream = await streamed(async ({ write }) => {
      for (; written < pieces; written++) {
        waits = true;
        await write(piece);
        waits = false;
      }
    }, unhurried);
    // The client takes nothing yet.
    const held = await until(() => new Promise<number>(resolve => setImmediate(() => resolve(waits ? written : 0))), {
      what: 'the stream to wait for its client',
      timeoutMs: 60_000,
    });
    assert.ok(held < pieces, `${held} of ${pieces} were taken in`);
    const text = await textOf(stream.response);
    assert.equal(text.length, pieces * piece.length);
    assert.equal(await stream.ended, null);
  });

  test('says that it is there while nothing happens', async () => {
    const done = Promise.withResolvers<void>();
    await using stream = await streamed(() => done.promise, { ...unhurried, heartbeatMs: 5 });
    const [first] = (await once(stream.response, 'data')) as [Buffer];
    assert.match(first.toString(), /^: \n\n/);
    done.resolve();
    stream.response.resume();
    assert.equal(await stream.ended, null);
  });

  test('lets a client go that takes nothing', async () => {
    let aborted = false;
    await using stream = await streamed(
      async ({ write, signal }) => {
        while (!signal.aborted) await write('x'.repeat(1024 * 1024));
        aborted = true;
      },
      { ...unhurried, stalledMsMax: 100 },
    );
    assert.equal(await stream.ended, null);
    assert.equal(aborted, true);
  });

  test('ends when the server does, and with an error that is told of', async () => {
    const closing = new AbortController();
    await using told = await streamed(
      ({ signal }) => new Promise(resolve => signal.addEventListener('abort', () => resolve())),
      unhurried,
      closing,
    );
    const text = textOf(told.response);
    closing.abort();
    assert.equal(await text, '', 'it ends as a whole answer does');
    assert.equal(await told.ended, null);
    await using broken = await streamed(async () => {
      throw new Error('the store is away');
    }, unhurried);
    assert.match(String(await broken.ended), /the store is away/);
  });
});
