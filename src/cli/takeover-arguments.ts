import { type RawConfig, SluiceError } from '../contract/index.ts';
import { WorkerAddress } from './rest-client.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const durationMsMax = 24 * 3_600_000;

function invalid(message: string): SluiceError {
  return new SluiceError('CONFIG_INVALID', message, { remedy: 'sluice takeover --help shows examples.' });
}

/** `90s`, `10m`, in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text.trim());
  const found = match === null ? Number.NaN : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  if (!(found > 0 && found <= durationMsMax)) throw invalid(`--shadow-for is a time such as 30s, 10m or 2h (at most 24h), not '${text}'.`);
  return found;
}

/** A Kafka Connect's address; a login in it becomes a header, so that no message shows it. */
export function connectAddress(text: string): WorkerAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('The first argument is the URL of Kafka Connect, such as http://connect:8083.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('The URL of Kafka Connect begins with http:// or https://.');
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const authorization = user === '' ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return new WorkerAddress(`${url.origin}${url.pathname.replace(/\/+$/, '')}`, { authorization, tls: {} });
}

/** A config with `--set a=1,b=2` and `--unset c,d`. A comma of a value is written `\,`. */
export function withSettings(config: RawConfig, set: string | null, unset: string | null): RawConfig {
  const changed: Record<string, string> = { ...config };
  for (const name of unset?.split(',') ?? []) delete changed[name.trim()];
  for (const part of set?.split(/(?<!\\),/) ?? []) {
    const at = part.indexOf('=');
    if (at <= 0) throw invalid(`--set takes NAME=VALUE, not '${part.slice(0, 40)}'.`);
    changed[part.slice(0, at).trim()] = part.slice(at + 1).replaceAll('\\,', ',');
  }
  return changed;
}
