import type { IncomingMessage } from 'node:http';
import { plainError, RequestError } from './answer.ts';
import { jsonFault } from './json-fault.ts';

/** Reads a body of at most `bytesMax`. Rejects with 413 for one over the bound, 415 for one that says it is something else than JSON, 400 for one that breaks off. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // A body that is refused midway leaves the connection as it is: the answer still has to go out on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const part = chunk as Buffer;
      bytes += part.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      chunks.push(part);
    }
  } catch (error) {
    // The client went away, or took longer than the server waits: no fault of this worker.
    throw error instanceof RequestError ? error : new RequestError(400, 'The connection ended before the body did.');
  }
  const type = request.headers['content-type'];
  if (bytes > 0 && type !== undefined && !/^\s*application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(type)) throw plainError(415);
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(bytesMax: number): RequestError {
  return new RequestError(413, `The body is larger than ${bytesMax} bytes.`, { connection: 'close' });
}

/** A JSON value whose numbers and booleans are the text they were written with, as Jackson reads them into strings. */
export type TextTree = null | string | readonly TextTree[] | { readonly [name: string]: TextTree };

/** Parses a body as JSON, scalars as text. Throws 400. */
export function parseTexts(body: string): TextTree {
  return parseJson(body, (_key, value, context) =>
    typeof value === 'number' || typeof value === 'boolean' ? (context?.source ?? String(value)) : value,
  ) as TextTree;
}

/** Parses a body as JSON. Throws 400. */
export function parseJson(body: string, reviver?: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown {
  if (body.trim() === '') throw new RequestError(400, 'The request has no body; JSON is expected.');
  try {
    return JSON.parse(body, reviver);
  } catch {
    const fault = jsonFault(body);
    const where = fault === null ? '' : ` at line ${fault.line}, column ${fault.column}`;
    throw new RequestError(400, `The body is not valid JSON${where}.`);
  }
}

/** A JSON object. Throws 400. */
export function objectOf(value: TextTree, what: string): { readonly [name: string]: TextTree } {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new RequestError(400, `${what} must be a JSON object.`);
  return value as { readonly [name: string]: TextTree };
}

/** A config: names to texts, null where it is JSON's null. Throws 400 for a value that is no scalar. */
export function configOf(value: TextTree, what: string): Record<string, string | null> {
  const config: Record<string, string | null> = {};
  for (const [name, text] of Object.entries(objectOf(value, what))) {
    if (text !== null && typeof text !== 'string')
      throw new RequestError(400, `The value of '${name}' must be a text, not an object or a list.`);
    Object.defineProperty(config, name, { value: text, enumerable: true, writable: true, configurable: true });
  }
  return config;
}
