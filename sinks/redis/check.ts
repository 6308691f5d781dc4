import { Cluster, type Redis } from 'ioredis';
import { type CheckResult, toSluiceError } from '../../src/contract/index.ts';
import { checkRights } from './check-rights.ts';
import { masters } from './commands.ts';
import type { Connection } from './connection.ts';
import { fault, ok, warning } from './findings.ts';
import type { RedisSettings } from './options.ts';
import { isReply, targetError, throwIfStopped } from './redis-error.ts';

/** UNLINK came with 4, streams with 5; 5 is also what the client's protocol is tried with. */
const oldestMajor = 5;

/** Everything that a start needs of the server, all faults at once. Changes nothing there. */
export async function checkTarget(settings: RedisSettings, connection: Connection, abort: AbortSignal): Promise<readonly CheckResult[]> {
  const subject = `Redis at ${connection.target}`;
  try {
    const client = await connection.open(abort);
    const results = [ok(subject, 'connected')];
    for (const server of masters(client)) results.push(...(await checkServer(settings, connection, server)));
    if (results.every(({ status }) => status !== 'fault')) results.push(...(await checkRights(settings, connection, client)));
    const kept = client instanceof Cluster ? clusterFindings(results) : results;
    return kept;
  } catch (thrown) {
    throwIfStopped(abort);
    const error = toSluiceError(thrown);
    const option = /WRONGPASS|NOAUTH|invalid password/i.test(error.message) ? 'redis.password' : null;
    return [{ subject, status: 'fault', code: error.code, option, message: error.message, remedy: error.remedy }];
  } finally {
    // What was true of the server may no longer be when the first batch comes.
    connection.close();
  }
}

/** The same finding of several nodes is told once. */
function clusterFindings(results: readonly CheckResult[]): readonly CheckResult[] {
  const seen = new Set<string>();
  return results.filter(({ subject, message }) => {
    const text = `${subject}\n${message}`;
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** INFO as a map: `role` to `master`. Null where the user may not ask. */
async function serverInfo(server: Redis, connection: Connection): Promise<ReadonlyMap<string, string> | null> {
  try {
    const lines = (await server.info()).split('\r\n').filter(line => line.includes(':'));
    return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  } catch (error) {
    if (error instanceof Error && isReply(error) && error.message.startsWith('NOPERM')) return null;
    throw targetError(error as Error, connection.target, 'INFO');
  }
}

async function checkServer(settings: RedisSettings, connection: Connection, server: Redis): Promise<readonly CheckResult[]> {
  const info = await serverInfo(server, connection);
  if (info === null)
    return [
      warning(
        'INFO',
        null,
        'The user may not ask for INFO: role, version and memory policy were not looked at.',
        'Grant +info to have them checked.',
      ),
    ];
  const results: CheckResult[] = [];
  const version = info.get('redis_version') ?? '';
  if (Number.parseInt(version, 10) < oldestMajor)
    results.push(fault('version', 'TARGET_REFUSED', null, `Redis ${version} is older than ${oldestMajor}.0.`, 'Use a newer server.'));
  if (info.get('role') === 'slave')
    results.push(
      fault(
        'role',
        'TARGET_UNAVAILABLE',
        null,
        `The server is a replica of ${info.get('master_host')}:${info.get('master_port')}: it takes no writes.`,
        'Name the master, or let the sentinels name it (redis.sentinel.master).',
      ),
    );
  const clustered = info.get('cluster_enabled') === '1';
  if (clustered && settings.connection.topology !== 'cluster')
    results.push(
      fault('cluster', 'TARGET_REFUSED', 'redis.cluster.enabled', 'The server is a node of a cluster.', 'Set redis.cluster.enabled=true.'),
    );
  results.push(...memoryFindings(settings, info));
  return results;
}

function memoryFindings({ mode }: RedisSettings, info: ReadonlyMap<string, string>): readonly CheckResult[] {
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  const limited = (info.get('maxmemory') ?? '0') !== '0';
  if (!limited || policy === 'noeviction') return [];
  const subject = 'maxmemory-policy';
  if (mode === 'write-through')
    return [
      warning(
        subject,
        'redis.delete.marker.ms',
        `With ${policy} a full server may evict the markers of deleted rows (and rows): an older write that comes late could then bring a deleted row back.`,
        'Give the server memory enough for the markers, or noeviction; a cache that is only read through can use redis.mode=evict.',
      ),
    ];
  if (mode === 'stream' && policy.startsWith('allkeys'))
    return [
      warning(
        subject,
        'redis.stream',
        `With ${policy} a full server may evict the stream.`,
        'Use a volatile-* policy or noeviction for a server that keeps streams.',
      ),
    ];
  return [];
}
