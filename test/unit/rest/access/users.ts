import { writeFileSync } from 'node:fs';
import { hashPassword } from '../../../../src/rest/access/password-hash.ts';
import type { Role } from '../../../../src/rest/access/roles.ts';
import { type AccessSettings, openAccess } from '../../../../src/rest/access/settings.ts';
import { formatUser } from '../../../../src/rest/access/users-file.ts';

/** Of the users here; a real one costs 80 ms. */
const cheap = { ln: 4, r: 8, p: 1 };

export const passwordOf = (name: string) => `${name}-geheim`;

/** Writes a users file: names and roles, the password `NAME-geheim`. */
export async function writeUsers(file: string, users: Readonly<Record<string, Role>>): Promise<void> {
  const lines = Object.entries(users).map(async ([name, role]) =>
    formatUser({ name, role, password: await hashPassword(passwordOf(name), cheap) }),
  );
  writeFileSync(file, `# The users of a test\n\n${(await Promise.all(lines)).join('\n')}\n`);
}

/** The header that logs a user in. */
export function basic(name: string, password = passwordOf(name)): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

export function access(changes: Partial<AccessSettings>): { readonly access: AccessSettings } {
  return { access: { ...openAccess, ...changes } };
}
