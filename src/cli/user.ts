import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { SluiceError } from '../contract/index.ts';
import { hashPassword } from '../rest/access/password-hash.ts';
import { isRole, roles } from '../rest/access/roles.ts';
import { formatUser, isUserName, parseUsers } from '../rest/access/users-file.ts';
import type { CommandInput } from './command-line.ts';
import { askPassword, readPassword } from './password-prompt.ts';

const passwordLengthMin = 8;

function refused(message: string, remedy: string): SluiceError {
  return new SluiceError('BAD_REQUEST', message, { remedy });
}

/** `sluice user`: makes an entry of a users file, or takes one out. Without a file it prints the entry. */
export async function user({ positionals, text, on, terminal }: CommandInput): Promise<number> {
  const [name = ''] = positionals;
  if (!isUserName(name))
    throw refused(`'${name}' cannot be a user's name.`, 'It has up to 128 letters, no colon, and no space or # at its beginning.');
  const file = text('file');
  if (on('remove')) {
    if (file === null) throw refused('--remove needs --file FILE.', 'Name the users file.');
    const lines = linesOf(file);
    const left = without(lines, name);
    if (left.length === lines.length) throw new SluiceError('NOT_FOUND', `${file} has no user '${name}'.`);
    store(file, left);
    terminal.out(`${name} is no user of ${file} any more.\n`);
    return 0;
  }
  const role = text('role') ?? '';
  if (!isRole(role)) throw refused(`--role is one of ${roles.join(', ')}.`, 'sluice user --help tells more.');
  const entry = formatUser({ name, role, password: await hashPassword(await newPassword(name)) });
  if (file === null) {
    terminal.out(`${entry}\n`);
    return 0;
  }
  store(file, [...without(linesOf(file), name), entry]);
  terminal.out(`${name} is ${role === 'viewer' ? 'a viewer' : `an ${role}`} by ${file}.\n`);
  return 0;
}

async function newPassword(name: string): Promise<string> {
  const asks = process.stdin.isTTY === true;
  const password = asks ? await askPassword(`New password of ${name}: `) : await readPassword();
  if (password.length < passwordLengthMin)
    throw refused(`The password has fewer than ${passwordLengthMin} characters.`, 'Take a longer one.');
  if (asks && (await askPassword('Again: ')) !== password) throw refused('The two are not the same.', 'Try again.');
  return password;
}

/** The lines of a users file; none where it is not there yet. Throws for a file that holds something else: it is not ours to write. */
function linesOf(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
  parseUsers(text, file);
  return text.trim() === '' ? [] : text.replace(/\n+$/, '').split('\n');
}

function without(lines: readonly string[], name: string): readonly string[] {
  return lines.filter(line => !line.trimStart().startsWith(`${name}:`));
}

/** In one step, so that a worker never reads half of it; with the rights it had, at first its owner's alone. */
function store(file: string, lines: readonly string[]): void {
  const half = `${file}.${randomBytes(6).toString('hex')}`;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  try {
    writeFileSync(half, lines.map(line => `${line}\n`).join(''), { mode: (mode ?? 0o600) & 0o777 });
    renameSync(half, file);
  } catch (error) {
    rmSync(half, { force: true });
    throw new SluiceError(
      'CONFIG_FILE_UNREADABLE',
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
    );
  }
}
