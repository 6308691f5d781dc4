import { parseExactIntegers, SluiceError, writeExactIntegers } from '../contract/index.ts';
import type { CallTls, HttpAnswer, HttpCallError } from '../rest/http-call.ts';
import type { CommandInput } from './command-line.ts';
import { type Login, loginOf } from './rest-login.ts';

const defaultUrl = 'http://127.0.0.1:8083';
const requestMsMax = 30_000;

/** Where a worker is, and how to get in. As a text it is its URL, never what is secret of it. */
export class WorkerAddress {
  readonly url: string;
  readonly #login: Login;

  constructor(url: string, login: Login) {
    this.url = url;
    this.#login = login;
  }

  get authorization(): string | null {
    return this.#login.authorization;
  }

  get tls(): CallTls {
    return this.#login.tls;
  }

  toString(): string {
    return this.url;
  }
}

/**
 * The running worker a command talks to: --url or SLUICE_URL, else the advertised listener of the worker's file, else Connect's port on this
 * machine; with the login that flags and environment give.
 */
export async function workerUrl(input: CommandInput): Promise<WorkerAddress> {
  const url = input.text('url') ?? (input.text('config') === null ? process.env['SLUICE_URL'] : undefined) ?? (await configuredUrl(input));
  return new WorkerAddress(url.replace(/\/+$/, ''), await loginOf(input, process.env));
}

async function configuredUrl({ text }: CommandInput): Promise<string> {
  const file = text('config');
  if (file === null) return defaultUrl;
  const [{ loadWorker }, { kafkaOptions }] = await Promise.all([import('../config/worker-file.ts'), import('./kafka-options.ts')]);
  const { config } = await loadWorker(file, process.env, kafkaOptions);
  const { protocol, host, port } = config.listeners[0]!;
  const everywhere = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  // A certificate names what others call the machine.
  const reached = protocol === 'https' ? (config.advertised.host ?? everywhere) : everywhere;
  return `${protocol}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** `body` is sent as JSON, bigints as their digits. */
export type WorkerCall = {
  readonly body?: unknown;
  readonly withinMs?: number;
  /** Of the answer, integers beyond 2^53 are bigints. */
  readonly exact?: boolean;
};

/** Calls a worker's REST API. Throws SluiceError with the worker's own message where it refuses. */
export async function callWorker(worker: WorkerAddress, method: string, path: string, call: WorkerCall = {}): Promise<unknown> {
  const { body, withinMs = requestMsMax, exact = false } = call;
  const { httpCall } = await import('../rest/http-call.ts');
  let answer: HttpAnswer;
  try {
    answer = await httpCall(worker.url + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(worker.authorization !== null && { authorization: worker.authorization }),
      },
      ...(body !== undefined && { body: writeExactIntegers(body) }),
      tls: worker.tls,
      withinMs,
    });
  } catch (error) {
    throw unreachable(worker.url, error as HttpCallError);
  }
  const { status, text } = answer;
  if (status >= 200 && status < 300) return text === '' ? null : exact ? parseExactIntegers(text) : JSON.parse(text);
  const message = parsed(text).message ?? `${method} ${path}: ${status}`;
  throw new SluiceError(status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST', message, {
    remedy: remedies[status] ?? 'Read the worker’s message.',
  });
}

const remedies: Readonly<Record<number, string>> = {
  401: 'Log in: --user NAME (the password in SLUICE_PASSWORD, or it is asked for), or a token in SLUICE_TOKEN or --token-file.',
  403: 'Ask whoever runs the worker for the role that the message names.',
  404: 'sluice status lists the connectors there are.',
  429: 'Wait as long as the message says, then try again.',
};

function unreachable(url: string, { code, message }: HttpCallError): SluiceError {
  const reason = code ?? message;
  const untrusted = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(reason);
  return new SluiceError('NOT_FOUND', `No worker answers at ${url} (${reason}).`, {
    remedy: untrusted
      ? 'Name the authority of its certificate with --ca FILE or SLUICE_CA, a certificate of your own with --cert and --key, and call it as its certificate does.'
      : 'Start one with sluice run -c FILE, or say where it is with --url.',
  });
}

function parsed(body: string): { message?: string } {
  try {
    return JSON.parse(body) as { message?: string };
  } catch {
    return {};
  }
}
