import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { writeExactIntegers } from '../../contract/index.ts';

/** What a handler streams to a client, one text after the other; `write` resolves when the client has taken enough of it for more. */
export type StreamOut = {
  /** Aborted when the client is gone, or the server ends. Nothing is written from then on. */
  readonly signal: AbortSignal;
  write(text: string): Promise<void>;
};

/** An answer that goes on until it returns, or its client goes. Errors end it. */
export type Streaming = (out: StreamOut) => Promise<void>;

export type StreamTimes = {
  /** How often a stream on which nothing happens says that it is there, so that proxies and clients do not take it for dead. */
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is let go: it comes again with the position that it has. */
  readonly stalledMsMax: number;
};

const usualTimes: StreamTimes = { heartbeatMs: 15_000, stalledMsMax: 60_000 };

/**
 * Sends a stream of server-sent events on a response whose head is written, no faster than the client takes them: what waits is what Node and the
 * system buffer for one socket, and the text that is being written. Ends the response. Never rejects; answers what ended it, null: itself.
 */
export async function sendEvents(
  response: ServerResponse,
  streaming: Streaming,
  closing: AbortSignal,
  { heartbeatMs, stalledMsMax }: StreamTimes = usualTimes,
): Promise<unknown> {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, closing]);
  response.once('close', () => gone.abort());
  let heartbeat: NodeJS.Timeout | null = null;
  const rest = () => {
    if (heartbeat !== null) clearTimeout(heartbeat);
    heartbeat = setTimeout(() => {
      // Where the client takes nothing, there is no use in telling it so.
      if (!signal.aborted && !response.writableNeedDrain) response.write(': \n\n');
      rest();
    }, heartbeatMs);
  };
  async function write(text: string): Promise<void> {
    if (signal.aborted) return;
    rest();
    if (response.write(text)) return;
    // A stream drains thousands of times a second: a timer that is not needed any more must not stay.
    const stalled = setTimeout(() => response.destroy(), stalledMsMax);
    await once(response, 'drain', { signal }).catch(() => {});
    clearTimeout(stalled);
  }
  rest();
  let ended: unknown = null;
  try {
    await streaming({ signal, write });
  } catch (error) {
    ended = signal.aborted ? null : error;
  } finally {
    if (heartbeat !== null) clearTimeout(heartbeat);
  }
  if (!response.destroyed) response.end();
  return ended;
}

/** One event of a stream: `id` is what a client comes again with (Last-Event-ID). Bigints of its data are digits. */
export function eventText(id: string, data: unknown): string {
  return `id: ${id}\ndata: ${writeExactIntegers(data)}\n\n`;
}
