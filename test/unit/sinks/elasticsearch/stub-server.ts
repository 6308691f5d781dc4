import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a bulk request asks for, action by action. */
export type Action = { readonly kind: string; readonly id: string };
/** A status for each action, or one for the whole request; null: no answer at all. */
export type Answer = readonly number[] | number | null;

const errorTypes: Readonly<Record<number, string>> = {
  400: 'document_parsing_exception',
  403: 'security_exception',
  409: 'version_conflict_engine_exception',
  429: 'es_rejected_execution_exception',
};

/** A server that answers bulk requests as it is told: what a real one does only when it is overloaded or misconfigured. */
export class StubElasticsearch implements AsyncDisposable {
  readonly requests: (readonly Action[])[] = [];
  readonly #answer: (actions: readonly Action[], number: number) => Answer;
  readonly #server: Server;
  /** Most requests that were on the way at the same time. */
  inFlightMost = 0;
  #inFlight = 0;

  private constructor(answer: (actions: readonly Action[], number: number) => Answer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      void this.#handle(request).then(({ status, body }) => {
        if (status === null) return;
        response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
        response.end(JSON.stringify(body));
      });
    });
  }

  static async start(answer: (actions: readonly Action[], number: number) => Answer): Promise<StubElasticsearch> {
    const stub = new StubElasticsearch(answer);
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #handle(request: IncomingMessage): Promise<{ status: number | null; body: unknown }> {
    this.inFlightMost = Math.max(this.inFlightMost, ++this.#inFlight);
    const actions = actionsOf(await text(request));
    // A turn of the event loop, so that requests that may overlap do.
    await new Promise(resolve => setImmediate(resolve));
    this.requests.push(actions);
    const answer = this.#answer(actions, this.requests.length);
    this.#inFlight--;
    if (answer === null) return { status: null, body: null };
    if (typeof answer === 'number')
      return { status: answer, body: { error: { type: errorTypes[answer] ?? 'error', reason: 'as told' }, status: answer } };
    const items = actions.map(({ kind }, index) => ({ [kind]: itemOf(answer[index]!) }));
    return { status: 200, body: { errors: answer.some(status => status >= 400), items } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function itemOf(status: number) {
  return status < 300 ? { status } : { status, error: { type: errorTypes[status] ?? 'error', reason: 'as told' } };
}

function actionsOf(body: string): readonly Action[] {
  const actions: Action[] = [];
  const lines = body.split('\n').filter(line => line !== '');
  for (let at = 0; at < lines.length; at++) {
    const [[kind, { _id }]] = Object.entries(JSON.parse(lines[at]!) as Record<string, { _id: string }>) as [[string, { _id: string }]];
    actions.push({ kind, id: _id });
    if (kind !== 'delete') at++;
  }
  return actions;
}
