import { readFile } from 'node:fs/promises';
import { SluiceError } from '../contract/index.ts';
import type { CallTls } from '../rest/http-call.ts';
import type { CommandInput } from './command-line.ts';
import { askPassword } from './password-prompt.ts';

/** How a command logs in to a worker. Holds secrets: never print it. */
export type Login = {
  /** The Authorization header; null: none. */
  readonly authorization: string | null;
  readonly tls: CallTls;
};

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${what}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
}

/**
 * The login that a command's flags and the environment give, flags first: `--user` or SLUICE_USER (password: SLUICE_PASSWORD, or asked for on a
 * terminal), `--token-file` or SLUICE_TOKEN, `--ca` or SLUICE_CA, `--cert` and `--key` or SLUICE_CERT and SLUICE_KEY. There is no flag
 * for a password or a token itself: other users of the machine see flags.
 * Throws SluiceError CONFIG_INVALID for what contradicts itself, CONFIG_FILE_UNREADABLE.
 */
export async function loginOf(input: CommandInput, environment: NodeJS.ProcessEnv): Promise<Login> {
  return { authorization: await authorizationOf(input, environment), tls: await tlsOf(input, environment) };
}

async function authorizationOf({ text }: CommandInput, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const [user, tokenFile] = [text('user'), text('token-file')];
  if (user !== null && tokenFile !== null)
    throw new SluiceError('CONFIG_INVALID', 'Give --user or --token-file, not both.', { remedy: 'Log in one way.' });
  const token = tokenFile === null ? (environment['SLUICE_TOKEN'] ?? '') : await read('--token-file', tokenFile);
  // A flag wins over the environment, whichever of the two ways it is for.
  if (token.trim() !== '' && user === null) return `Bearer ${token.trim()}`;
  const name = user ?? environment['SLUICE_USER'] ?? '';
  if (name === '') return null;
  const password = environment['SLUICE_PASSWORD'] ?? (process.stdin.isTTY ? await askPassword(`Password of ${name}: `) : null);
  if (password === null)
    throw new SluiceError('CONFIG_INVALID', `There is no password for ${name}.`, {
      remedy: 'Give it in SLUICE_PASSWORD, or run the command on a terminal, which asks for it.',
    });
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

async function tlsOf({ text }: CommandInput, environment: NodeJS.ProcessEnv): Promise<CallTls> {
  const given = (flag: string, variable: string) => text(flag) ?? (environment[variable] || null);
  const [ca, cert, key] = [given('ca', 'SLUICE_CA'), given('cert', 'SLUICE_CERT'), given('key', 'SLUICE_KEY')];
  // One PEM file may hold both.
  if (key !== null && cert === null)
    throw new SluiceError('CONFIG_INVALID', '--key is the key of a certificate: give --cert too.', { remedy: 'Name both PEM files.' });
  return {
    ...(ca !== null && { ca: await read('--ca', ca) }),
    ...(cert !== null && { cert: await read('--cert', cert), key: await read('--key', key ?? cert) }),
  };
}
