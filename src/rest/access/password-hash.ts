import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** What scrypt costs: memory 128 * N * r bytes, time in proportion to N * r * p. */
export type Cost = { readonly ln: number; readonly r: number; readonly p: number };

/** A password as it is stored: salted, by scrypt (RFC 7914). */
export type PasswordHash = { readonly cost: Cost; readonly salt: Buffer; readonly hash: Buffer };

/** 32 MiB and about 80 ms. */
export const costOfNew: Cost = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;
/** What a users file may ask of this process for one login. */
const memoryBytesMax = 256 * 1024 * 1024;
const parallelMax = 16;

function derive(password: string, salt: Buffer, { ln, r, p }: Cost, bytes: number): Promise<Buffer> {
  const N = 2 ** ln;
  const options: ScryptOptions = { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 };
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error))),
  );
}

/** Hashes a new password, with a salt of its own. */
export async function hashPassword(password: string, cost: Cost = costOfNew): Promise<PasswordHash> {
  const salt = randomBytes(saltBytes);
  return { cost, salt, hash: await derive(password, salt, cost, hashBytes) };
}

/** Whether the password is the one that was hashed; it takes the same time either way. */
export async function verifyPassword(password: string, { cost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, cost, hash.length), hash);
}

/** As text, in the PHC string format: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, base64 without padding. */
export function formatHash({ cost: { ln, r, p }, salt, hash }: PasswordHash): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${ln},r=${r},p=${p}$${text(salt)}$${text(hash)}`;
}

/** The reverse; null where the text is no such hash, or one that would cost more than a login may. */
export function parseHash(text: string): PasswordHash | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (match === null) return null;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [salt, hash] = [Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64')];
  const affordable = ln >= 1 && r >= 1 && p >= 1 && p <= parallelMax && 128 * 2 ** ln * r <= memoryBytesMax;
  return affordable && salt.length >= 8 && hash.length >= 16 && hash.length <= 64 ? { cost: { ln, r, p }, salt, hash } : null;
}
