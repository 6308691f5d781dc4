import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { monotonicMs } from './messages.ts';
import type { Seen } from './seen.ts';

const number = /"customer_id":(\d+)/g;

/** Stands before Elasticsearch and passes everything on; a bulk request's numbers are seen when its answer is there. Gives its port. */
export async function watchAcknowledgements(url: string, seen: Seen): Promise<number> {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  const pass = async ({ method, url: path, headers }: IncomingMessage, body: Buffer) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ agent, hostname, port, method, path, headers }, resolve).once('error', reject).end(body);
    });
    return { answer, content: await buffer(answer) };
  };
  const server = createServer(async (incoming, response) => {
    try {
      const body = await buffer(incoming);
      const { answer, content } = await pass(incoming, body);
      const nowMs = monotonicMs();
      response.writeHead(answer.statusCode!, answer.headers).end(content);
      if (incoming.url?.includes('_bulk'))
        for (const [, digits] of body.toString('latin1').matchAll(number)) seen.add(Number(digits), nowMs);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
