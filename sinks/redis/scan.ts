import { Cluster, type Redis } from 'ioredis';
import { SluiceError } from '../../src/contract/index.ts';
import { clusterSlot } from './cluster-slot.ts';
import { masters, type Session } from './commands.ts';
import { globExpression, literalPrefix } from './glob.ts';
import { targetError, throwIfStopped } from './redis-error.ts';

/** Passes over a cluster whose slots move meanwhile, before the batch is given back to be tried again later. */
const passesMax = 3;
/** Keys of one UNLINK. */
const keysMax = 500;

/** What is done with some keys of one server, which may come twice. */
type Take = (server: Redis, keys: readonly Buffer[]) => Promise<void>;

/**
 * Evicts all keys that match one of the patterns: one pass over each server's keys for all of them, in steps (SCAN) between which the
 * server answers others; never KEYS. Throws TARGET_UNAVAILABLE, TARGET_REFUSED.
 */
export function evictMatching(session: Session, patterns: readonly string[], scanCount: number): Promise<void> {
  return eachMatching(session, patterns, scanCount, (server, keys) => unlink(server, keys, session.client instanceof Cluster));
}

/** Hands on all keys that match one of the patterns and are there all the while, as `evictMatching` finds them. */
export async function eachMatching(session: Session, patterns: readonly string[], scanCount: number, take: Take): Promise<void> {
  if (patterns.length === 0) return;
  // Keys are any bytes, and so are the signs of Redis' globs: here each byte is a character of its own.
  const byBytes = patterns.map(pattern => Buffer.from(pattern).toString('latin1'));
  const matches = patterns.length === 1 ? () => true : matcher(byBytes);
  const glob = Buffer.from(patterns.length === 1 ? byBytes[0]! : commonGlob(byBytes), 'latin1');
  for (let pass = 1; ; pass++) {
    const before = await slotMap(session);
    await Promise.all(masters(session.client).map(server => scan(session, server, { glob, matches, scanCount, take })));
    // A slot that moved between two servers may have been on neither when its turn came.
    if (before === (await slotMap(session))) return;
    if (pass === passesMax) {
      throw new SluiceError(
        'TARGET_UNAVAILABLE',
        `The slots of the cluster at ${session.connection.target} moved in each of ${pass} passes over its keys.`,
      );
    }
  }
}

/** Where the slots are, migrations under way included; the same for a single server always. */
async function slotMap({ client, connection }: Session): Promise<string> {
  const server = client instanceof Cluster ? masters(client)[0] : undefined;
  if (server === undefined) return '';
  const nodes = await server.call('CLUSTER', 'NODES').catch((error: Error) => {
    throw targetError(error, connection.target, 'CLUSTER NODES');
  });
  // Each line: id, address, flags, master, two times, epoch, link, slots. The times change always.
  return String(nodes)
    .split('\n')
    .map(line => line.split(' '))
    .filter(words => words.length > 8)
    .map(words => [words[0], ...words.slice(8)].join(' '))
    .sort()
    .join('\n');
}

type Scan = { readonly glob: Buffer; readonly matches: (key: string) => boolean; readonly scanCount: number; readonly take: Take };

async function scan({ connection, abort }: Session, server: Redis, { glob, matches, scanCount, take }: Scan): Promise<void> {
  let cursor = '0';
  do {
    throwIfStopped(abort);
    try {
      const [next, keys] = scanReply(await server.callBuffer('SCAN', cursor, 'MATCH', glob, 'COUNT', scanCount));
      cursor = next;
      await take(
        server,
        keys.filter(key => matches(key.toString('latin1'))),
      );
    } catch (error) {
      throwIfStopped(abort);
      if (error instanceof SluiceError) throw error;
      throw targetError(error as Error, connection.target, 'SCAN');
    }
  } while (cursor !== '0');
}

/** The next cursor and some keys; no key may be there, and one may come twice. */
function scanReply(reply: unknown): readonly [string, readonly Buffer[]] {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw new Error('an answer to SCAN that has another form');
  return [String(reply[0]), reply[1].filter(key => Buffer.isBuffer(key))];
}

async function unlink(server: Redis, keys: readonly Buffer[], cluster: boolean): Promise<void> {
  if (keys.length === 0) return;
  const groups = new Map<number, Buffer[]>();
  for (const [index, key] of keys.entries()) {
    const group = cluster ? clusterSlot(key) : Math.floor(index / keysMax);
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  const pipeline = server.pipeline();
  for (const group of groups.values()) pipeline.unlink(...group);
  const results = (await pipeline.exec()) ?? [];
  for (const [error] of results) if (error) throw error;
}

/** What the server itself looks for where there are several patterns: what they all begin with. */
function commonGlob(patterns: readonly string[]): string {
  let common = literalPrefix(patterns[0]!);
  for (const pattern of patterns) {
    const prefix = literalPrefix(pattern);
    let length = 0;
    while (length < common.length && common[length] === prefix[length]) length++;
    common = common.slice(0, length);
  }
  return `${common.replace(/[*?[\]\\]/g, '\\$&')}*`;
}

/** Whether a key matches any of the patterns: by what a pattern begins with, so that a thousand cost little more than one. */
function matcher(patterns: readonly string[]): (key: string) => boolean {
  const byPrefix = new Map<string, RegExp[]>();
  for (const pattern of patterns) {
    const prefix = literalPrefix(pattern);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), globExpression(pattern)]);
  }
  const lengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))];
  return key => lengths.some(length => byPrefix.get(key.slice(0, length))?.some(expression => expression.test(key)) ?? false);
}
