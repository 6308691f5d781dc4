import { Cluster, type Redis } from 'ioredis';
import type { CheckResult } from '../../src/contract/index.ts';
import { clusterSlot, companionKey } from './cluster-slot.ts';
import { masters } from './commands.ts';
import type { Client, Connection } from './connection.ts';
import { fault, ok, warning } from './findings.ts';
import { escapeGlob, type KeyTemplate } from './key-template.ts';
import type { RedisSettings } from './options.ts';
import { isReply, targetError } from './redis-error.ts';

type Probe = readonly [command: string, ...args: string[]];

/** A name that nobody has, as a template would make it. */
function sampleOf(template: KeyTemplate): string {
  return template.parts.map(part => (part.kind === 'text' ? part.text : 'sluice-check')).join('');
}

/** What the mode will do, on names that a template would make. The keys of one probe share a slot. */
function probesOf(settings: RedisSettings): readonly (readonly Probe[])[] {
  const { mode, destination, markerPrefix, hash, truncates } = settings;
  const templates = settings.templates;
  const value = 'sluice-check';
  switch (mode) {
    case 'evict':
      return templates.map(template => {
        const key = sampleOf(template);
        return template.pattern
          ? [
              ['SCAN', '0', 'MATCH', escapeGlob(key)],
              ['UNLINK', key],
            ]
          : [['UNLINK', key]];
      });
    case 'write-through':
      return templates.map(template => {
        const key = sampleOf(template);
        const marker = companionKey(markerPrefix, key) ?? markerPrefix;
        const own: readonly Probe[] = hash
          ? [
              ['HGET', key, value],
              ['HMGET', key, value],
              ['HSET', key, value, value],
              ['PEXPIRE', key, '1'],
            ]
          : [
              ['GETRANGE', key, '0', '1'],
              ['GET', key],
              ['SET', key, value],
            ];
        const seeking: readonly Probe[] = truncates ? [['SCAN', '0', 'MATCH', escapeGlob(key)]] : [];
        return [['EVAL', 'return 0', '1', key], ['UNLINK', key], ['GET', marker], ['SET', marker, value], ...own, ...seeking];
      });
    case 'publish':
      return [[['PUBLISH', sampleOf(destination!), value]]];
    case 'stream':
      return [[['XADD', sampleOf(destination!), '*', value, value]]];
  }
}

/**
 * Whether the user may do what the mode does. Each command is queued in a transaction that is then discarded: the server says there what
 * it would refuse, and does nothing.
 */
export async function checkRights(settings: RedisSettings, connection: Connection, client: Client): Promise<readonly CheckResult[]> {
  const found: CheckResult[] = [];
  const refusedCommands = new Set<string>();
  for (const probes of probesOf(settings)) {
    const key = probes.find(([command]) => command !== 'SCAN' && command !== 'EVAL')?.[1] ?? '';
    const pipeline = serverOf(client, key).pipeline();
    pipeline.call('MULTI');
    for (const [command, ...args] of probes) pipeline.call(command, ...args);
    pipeline.call('DISCARD');
    const answers = (await pipeline.exec()) ?? [];
    const lost = answers.find(([error]) => error !== null && !isReply(error));
    if (lost) throw targetError(lost[0]!, connection.target, 'a check of the rights');
    if (answers[0]?.[0])
      return [
        warning(
          'rights',
          null,
          'The user may not begin a transaction: its rights were not looked at.',
          'Grant +multi +discard to have them checked.',
        ),
      ];
    for (const [at, [command]] of probes.entries()) {
      const error = answers[at + 1]?.[0];
      if (error && !refusedCommands.has(`${command} ${error.message}`)) {
        refusedCommands.add(`${command} ${error.message}`);
        found.push(finding(command, error));
      }
    }
  }
  return found.length > 0 ? found : [ok('rights', `all that the mode ${settings.mode} does is allowed`)];
}

function finding(command: string, error: Error): CheckResult {
  if (!error.message.startsWith('NOPERM')) {
    return fault(
      `command ${command}`,
      'TARGET_UNAVAILABLE',
      null,
      `The server would refuse ${command} now: ${/^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR'}.`,
      'Look at the server: READONLY is a replica, OOM a full memory, MISCONF a disk that it cannot write to.',
    );
  }
  if (/'[a-z|]+' command|run the/i.test(error.message))
    return fault(
      `command ${command}`,
      'TARGET_REFUSED',
      'redis.username',
      `The user may not run ${command} (NOPERM).`,
      `Grant +${command.toLowerCase()} to the user (ACL SETUSER).`,
    );
  return warning(
    `keys of ${command}`,
    'redis.username',
    `The user may not touch a key or channel such as the templates make (NOPERM for ${command}).`,
    'Grant the keys (~pattern), the markers’ (redis.delete.marker.prefix) and the channels (&pattern) to the user; if only real rows’ names are allowed, all is well.',
  );
}

function serverOf(client: Client, key: string): Redis {
  const servers = masters(client);
  if (!(client instanceof Cluster)) return servers[0]!;
  const owner = client.slots[clusterSlot(key)]?.[0];
  return servers.find(({ options }) => `${options.host}:${options.port}` === owner) ?? servers[0]!;
}
