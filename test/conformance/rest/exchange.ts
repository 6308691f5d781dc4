import type { PostgresAddress } from '../../services/postgres.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { until } from '../../support/until.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What the bodies of requests are made from. */
export type RestScene = { readonly server: PostgresAddress; readonly database: string };

/**
 * How answers are compared: `exact`, all of the body; `shape`, the types of its parts; `error`, the status and error_code, with any
 * message (where the wording is a library's or lists the plugins installed); `refused`: an error, of 4xx where Connect stumbles with a
 * 500 over its own null pointers and over bodies it cannot parse; `status`, only that.
 */
export type Comparison = 'exact' | 'shape' | 'error' | 'refused' | 'status';

/** One request of the script. */
export type RestStep = {
  /** Names the step in the recording and in the tests. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: (scene: RestScene) => Json;
  /** Sent as it stands. */
  readonly text?: string;
  readonly compare: Comparison;
  /** After the answer: waits until the connector and its tasks are in this state. */
  readonly until?: { readonly connector: string; readonly state: 'RUNNING' | 'PAUSED' | 'STOPPED' | 'gone' };
};

/** An answer, as it is recorded. */
export type RestAnswer = { readonly status: number; readonly location: string | null; readonly body: Json };

async function settled(client: ConnectClient, { connector, state }: NonNullable<RestStep['until']>): Promise<void> {
  const reached = async () => {
    const status = await client.status(connector);
    if (state === 'gone') return status === null;
    if (status?.connector.state !== state) return false;
    if (state === 'STOPPED') return status.tasks.length === 0;
    if (state === 'RUNNING' && status.tasks.length === 0) return false; // one created as PAUSED has no tasks yet
    return status.tasks.every(task => task.state === state);
  };
  await until(reached, { what: `${connector} to be ${state}`, timeoutMs: 60_000, everyMs: 50 });
}

async function send(url: string, step: RestStep, scene: RestScene): Promise<RestAnswer> {
  const body = step.body ? JSON.stringify(step.body(scene)) : step.text;
  const response = await fetch(url + step.path, {
    method: step.method,
    headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  let parsed: Json = null;
  try {
    parsed = text === '' ? null : (JSON.parse(text) as Json);
  } catch {
    parsed = `not JSON: ${text.slice(0, 100)}`;
  }
  const location = response.headers.get('location');
  return { status: response.status, location: location && new URL(location, url).pathname, body: parsed };
}

/** A distributed worker answers 409 while it takes a change in; Connect's own documentation says to ask again. */
function rebalancing({ status, body }: RestAnswer): boolean {
  const message = body !== null && typeof body === 'object' && !Array.isArray(body) ? String(body['message']) : '';
  return status === 409 && /rebalance|stale configuration/.test(message);
}

/** Sends one request and waits for what must follow from it. */
export async function exchange(url: string, step: RestStep, scene: RestScene): Promise<RestAnswer> {
  const answer = await until(
    async () => {
      const answer = await send(url, step, scene);
      return rebalancing(answer) ? null : answer;
    },
    { what: `${step.method} ${step.path} to be taken`, timeoutMs: 60_000, everyMs: 100 },
  );
  if (step.until) await settled(new ConnectClient(url), step.until);
  return answer;
}
