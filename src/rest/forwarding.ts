import type { GroupWorker } from '../contract/index.ts';
import { SluiceError } from '../contract/index.ts';
import type { GroupMembership } from '../engine/supervisor/supervisor-group.ts';
import { type Answer, RequestError } from './answer.ts';
import { type CallTls, type HttpAnswer, HttpCallError, httpCall } from './http-call.ts';
import type { Route } from './router.ts';

/** A request with this header has been handed on by another worker; it is answered where it is, or not at all, so that none goes in circles. */
export const handedOnHeader = 'sluice-handed-on-by';

/** How long another worker has to answer; it may look at a database, and wait for a rebalance. */
const answerMsMax = 60_000;
/** For what is only looked at. */
const viewMsMax = 2_000;

/** A request as it is handed on. */
export type HandedOn = { readonly method: string; readonly target: string; readonly body: string };

/**
 * Who asks another worker: this one, with the login of whoever asked it. So the other one judges by itself who that is and what they may; no worker
 * has rights of its own. `authorization` is a secret.
 */
export type Asker = { readonly workerId: string; readonly authorization: string | undefined; readonly tls: CallTls };

/** Faults of a connection that was never made: the request has not been seen by anybody. */
const unseen = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']);
/** Headers of the other worker's answer that are the asker's too. */
const passedOn = ['location', 'warning', 'retry-after', 'www-authenticate'] as const;

/**
 * Which worker of the group is to answer: null: this one. What acts on a connector is its owner's, and making one the leader's, as in Connect,
 * where the leader has both. Rejects CONFLICT where a rebalance takes too long.
 */
export async function workerFor(
  group: GroupMembership,
  { whose }: Route,
  method: string,
  name: string | undefined,
  handedOn: boolean,
): Promise<GroupWorker | null> {
  const reads = method === 'GET' || method === 'HEAD';
  if (method === 'OPTIONS' || whose === undefined || (reads && !whose.reads)) {
    if (name !== undefined) await group.lookUp(name);
    return null;
  }
  if (name === undefined) return reads ? null : group.maker(handedOn);
  const owner = await group.ownerOf(name, handedOn);
  return owner === null && whose.makes && method === 'PUT' && !group.knows(name) ? group.maker(handedOn) : owner;
}

/** Asks another worker and answers as it does. Rejects CONFLICT where it cannot be reached: others will have taken over by the next attempt. */
export async function handOn(worker: GroupWorker, { method, target, body }: HandedOn, by: Asker, withinMs = answerMsMax): Promise<Answer> {
  let answer: HttpAnswer;
  try {
    answer = await httpCall(worker.url + target, {
      method,
      headers: {
        'content-type': 'application/json',
        [handedOnHeader]: by.workerId,
        ...(by.authorization !== undefined && { authorization: by.authorization }),
      },
      body,
      tls: by.tls,
      withinMs,
    });
  } catch (error) {
    const { code, sent } = error instanceof HttpCallError ? error : { code: String(error), sent: true };
    if (!sent && unseen.has(code))
      throw new SluiceError(
        'CONFLICT',
        `Worker ${worker.id}, whose this is, cannot be reached (${code}). When it is gone, a rebalance gives its connectors to others: try again later.`,
      );
    throw new RequestError(500, `IO Error trying to forward REST request to worker ${worker.id}: ${code}`);
  }
  const headers = Object.fromEntries(passedOn.flatMap(name => (answer.headers[name] === undefined ? [] : [[name, answer.headers[name]]])));
  return { status: answer.status, headers, ...(answer.text !== '' && { body: parsed(answer.text) }) };
}

/** What each of the other workers answers to a look at all of its own; a worker that does not answer in time is left out. */
export async function askOthers(group: GroupMembership, target: string, by: Asker): Promise<readonly object[]> {
  const asked = group.others.map(worker => handOn(worker, { method: 'GET', target, body: '' }, by, viewMsMax).catch(() => null));
  return (await Promise.all(asked)).flatMap(answer =>
    answer?.status === 200 && typeof answer.body === 'object' && answer.body !== null ? [answer.body] : [],
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
