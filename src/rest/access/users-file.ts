import { readFile } from 'node:fs/promises';
import { SluiceError } from '../../contract/index.ts';
import { formatHash, type PasswordHash, parseHash } from './password-hash.ts';
import { isRole, type Role, roles } from './roles.ts';

export type User = { readonly name: string; readonly role: Role; readonly password: PasswordHash };
export type Users = ReadonlyMap<string, User>;

/** The largest users file that is read. */
const fileBytesMax = 4 * 1024 * 1024;

/** Whether a user may be called so: `user:password` ends at the first colon, and a line at its end. */
export function isUserName(name: string): boolean {
  return /^[^\s:#\p{Cc}][^:\p{Cc}]{0,127}$/u.test(name) && name.trim() === name;
}

/** A user's line: `NAME:ROLE:HASH`. */
export function formatUser({ name, role, password }: User): string {
  return `${name}:${role}:${formatHash(password)}`;
}

/** Reads users, one a line; empty lines and those that begin with # are passed over. Throws CONFIG_INVALID with all bad lines, never their text. */
export function parseUsers(text: string, file: string): Users {
  const users = new Map<string, User>();
  const faults: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const fault = (message: string) => faults.push(`${file}:${index + 1}: ${message}`);
    const [name = '', role = '', ...rest] = line.split(':');
    const password = parseHash(rest.join(':'));
    // Without both colons the text may be anything, a password too.
    if (rest.length === 0 || !isUserName(name)) fault('the line is not NAME:ROLE:HASH');
    else if (!isRole(role)) fault(`the role of '${name}' is none of ${roles.join(', ')}`);
    else if (password === null) fault(`what follows the role of '${name}' is no hash that \`sluice user\` makes`);
    else if (users.has(name)) fault(`the user '${name}' is there twice`);
    else users.set(name, { name, role, password });
  }
  if (faults.length > 0)
    throw new SluiceError('CONFIG_INVALID', faults.join('\n'), { remedy: 'Write the lines that are named anew, with `sluice user`.' });
  return users;
}

/** Reads a users file. Rejects with CONFIG_FILE_UNREADABLE or CONFIG_INVALID. */
export async function readUsers(file: string): Promise<Users> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `rest.basic.users.file: ${file} cannot be read (${why}).`, {
      remedy: 'Make it with `sluice user NAME --role ROLE --file FILE`, readable by the worker.',
    });
  }
  if (text.length > fileBytesMax) throw new SluiceError('CONFIG_INVALID', `${file} is larger than ${fileBytesMax} bytes.`);
  return parseUsers(text, file);
}
