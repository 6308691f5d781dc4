/** Calls a REST API in Connect's form; gives the body as JSON. Throws SluiceError with the other side's own message. */
export type RestCaller = (method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => Promise<unknown>;

/** The part of a connector's path that is its name. */
export function pathOf(name: string): string {
  return `/connectors/${encodeURIComponent(name)}`;
}

/** Waits between looks at something, bounded; rejects when aborted. */
export type Wait = (delayMs: number) => Promise<void>;
