import { isLoopback } from '../config/rest-access-options.ts';
import type { WorkerConfig } from '../config/worker-file.ts';
import type { SluiceError } from '../contract/index.ts';
import type { Logging } from '../observe/logging.ts';
import { auditLogger } from '../rest/access/audit.ts';
import { readUsers } from '../rest/access/users-file.ts';
import type { RestSettings } from '../rest/server.ts';
import { readTls } from '../rest/tls-material.ts';
import { faultsOf } from './faults.ts';

type Settings = Pick<
  RestSettings,
  'listeners' | 'adminListeners' | 'tls' | 'adminTls' | 'access' | 'advertised' | 'responseHeaders' | 'cors' | 'auditLogger'
>;

/** What of a worker's config says where REST listens and who may call it. Fixes the audit log's level. */
export function restAccess(config: WorkerConfig, { logger, levels }: Logging): Required<Settings> {
  const { listeners, adminListeners, tls, adminTls, access, advertised, responseHeaders, cors } = config;
  levels.fix(auditLogger, 'INFO');
  return { listeners, adminListeners, tls, adminTls, access, advertised, responseHeaders, cors, auditLogger: logger(auditLogger) };
}

/** What an operator should know of listeners that other machines reach. */
export function openDoors({ listeners, adminListeners, tls, access }: WorkerConfig): readonly string[] {
  const outside = [...listeners, ...(adminListeners ?? [])].filter(({ host }) => !isLoopback(host));
  const plain = outside.filter(({ protocol }) => protocol === 'http');
  const login = access.usersFile !== null || access.oidc !== null;
  const shown = (found: typeof outside) => found.map(({ host, port }) => `${host}:${port}`).join(', ');
  if (!login && (plain.length > 0 || (outside.length > 0 && tls?.clientAuth !== 'required')))
    return [
      `REST is open to whoever reaches ${shown(outside)}: set rest.basic.users.file or rest.oidc.issuer, or listen on 127.0.0.1 behind a proxy that asks for a login.`,
    ];
  if (login && plain.length > 0)
    return [
      `Passwords and tokens can be read on their way to ${shown(plain)}: listen on https, or on 127.0.0.1 behind a proxy that ends TLS.`,
    ];
  return [];
}

/** What of certificates and users cannot be used, found without starting anything. */
export async function accessFaults({ tls, adminTls, access }: WorkerConfig): Promise<readonly SluiceError[]> {
  const tries: (() => unknown)[] = [
    ...[tls, adminTls].filter(settings => settings !== null).map(settings => () => readTls(settings)),
    ...(access.usersFile === null ? [] : [access.usersFile]).map(file => () => readUsers(file)),
  ];
  return faultsOf(tries);
}
