import { SluiceError } from '../contract/index.ts';
import type { CommandInput } from './command-line.ts';

const defaultUrl = 'http://127.0.0.1:8083';
const requestMsMax = 30_000;

/** Where the running worker is: --url, else the first listener of the worker's file, else Connect's port on this machine. */
export async function workerUrl({ text }: CommandInput): Promise<string> {
  const url = text('url');
  if (url !== null) return url.replace(/\/+$/, '');
  const file = text('config');
  if (file === null) return defaultUrl;
  const [{ loadWorker }, { kafkaOptions }] = await Promise.all([import('../config/worker-file.ts'), import('./kafka-options.ts')]);
  const { config } = await loadWorker(file, process.env, kafkaOptions);
  const { host, port } = config.listeners[0]!;
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Calls a worker's REST API. Throws SluiceError with the worker's own message where it refuses. */
export async function callWorker(url: string, method: string, path: string, withinMs = requestMsMax): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url + path, { method, signal: AbortSignal.timeout(withinMs) });
  } catch (error) {
    const reason = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).message;
    throw new SluiceError('NOT_FOUND', `No worker answers at ${url} (${reason}).`, {
      remedy: 'Start one with sluice run -c FILE, or say where it is with --url.',
    });
  }
  const body = await response.text();
  if (response.ok) return body === '' ? null : JSON.parse(body);
  const { message } = parsed(body);
  throw new SluiceError(response.status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST', message ?? `${method} ${path}: ${response.status}`, {
    remedy: response.status === 404 ? 'sluice status lists the connectors there are.' : 'Read the worker’s message.',
  });
}

function parsed(body: string): { message?: string } {
  try {
    return JSON.parse(body) as { message?: string };
  } catch {
    return {};
  }
}
