/** Who may do what, from the least to the most: each may do all that those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What a call asks for. `open`: nobody has to log in. */
export type Needed = Role | 'open';

/**
 * The role that each call needs, by method and path as the routes have them: the one table of it, and docs/access.md shows it. A test holds that
 * every route has its line here. Looking is a viewer's; what makes a connector run, rest or read again an operator's; what decides where data goes,
 * and from where, an admin's.
 */
export const neededRoles: Readonly<Record<string, Needed>> = {
  'GET /': 'viewer',
  'GET /health': 'open',
  'GET /ready': 'open',
  'GET /metrics': 'viewer',

  'GET /connectors': 'viewer',
  'POST /connectors': 'admin',
  'GET /connectors/{connector}': 'viewer',
  'DELETE /connectors/{connector}': 'admin',
  'GET /connectors/{connector}/config': 'viewer',
  'PUT /connectors/{connector}/config': 'admin',
  'PATCH /connectors/{connector}/config': 'admin',
  'GET /connectors/{connector}/status': 'viewer',
  'GET /connectors/{connector}/tasks': 'viewer',
  'GET /connectors/{connector}/tasks/{task}/status': 'viewer',
  'POST /connectors/{connector}/tasks/{task}/restart': 'operator',
  'POST /connectors/{connector}/restart': 'operator',
  'PUT /connectors/{connector}/pause': 'operator',
  'PUT /connectors/{connector}/resume': 'operator',
  'PUT /connectors/{connector}/stop': 'operator',
  'GET /connectors/{connector}/topics': 'viewer',
  'PUT /connectors/{connector}/topics/reset': 'operator',
  'GET /connectors/{connector}/offsets': 'viewer',
  'PATCH /connectors/{connector}/offsets': 'operator',
  'DELETE /connectors/{connector}/offsets': 'operator',
  'GET /connectors/{connector}/wait': 'viewer',

  'GET /connectors/{connector}/snapshots': 'viewer',
  'POST /connectors/{connector}/snapshots': 'operator',
  'DELETE /connectors/{connector}/snapshots': 'operator',
  'PUT /connectors/{connector}/snapshots/pause': 'operator',
  'PUT /connectors/{connector}/snapshots/resume': 'operator',
  'GET /connectors/{connector}/replays': 'viewer',
  'POST /connectors/{connector}/replays': 'operator',
  'GET /connectors/{connector}/replays/{replay}': 'viewer',
  'DELETE /connectors/{connector}/replays/{replay}': 'operator',
  'GET /connectors/{connector}/verifications': 'viewer',
  'POST /connectors/{connector}/verifications': 'operator',
  'GET /connectors/{connector}/verifications/{verification}': 'viewer',
  'DELETE /connectors/{connector}/verifications/{verification}': 'operator',

  'GET /connector-plugins': 'viewer',
  'GET /connector-plugins/{plugin}/config': 'viewer',
  // It changes nothing, but connects to whatever server the config names.
  'PUT /connector-plugins/{plugin}/config/validate': 'admin',

  'GET /admin/loggers': 'viewer',
  'GET /admin/loggers/{logger}': 'viewer',
  'PUT /admin/loggers/{logger}': 'admin',

  'GET /sluice/connectors': 'viewer',
  'GET /sluice/connectors/{connector}': 'viewer',
  'GET /sluice/connectors/{connector}/dead-letters': 'viewer',
  'POST /sluice/connectors/{connector}/dead-letters/redeliver': 'operator',
  'POST /sluice/connectors/{connector}/dead-letters/discard': 'operator',
  'GET /sluice/group': 'viewer',
  'GET /sluice/services': 'viewer',
  'GET /sluice/services/{service}': 'viewer',

  // An event store's data: who may look at connectors may look at events; writing them is an operator's, erasing them an admin's.
  'POST /event-store/streams': 'operator',
  'GET /event-store/streams/{stream}': 'viewer',
  'POST /event-store/streams/{stream}': 'operator',
  'DELETE /event-store/streams/{stream}': 'admin',
  'GET /event-store/streams/{stream}/state': 'viewer',
  'PUT /event-store/streams/{stream}/retention': 'admin',
  'GET /event-store/events': 'viewer',
  'GET /event-store/subscribe': 'viewer',

  'GET /sagas': 'viewer',
  'GET /sagas/{saga}': 'viewer',
  'GET /sagas/{saga}/instances': 'viewer',
  'GET /sagas/{saga}/instances/{instance}': 'viewer',
  'POST /sagas/{saga}/instances/{instance}/retry': 'operator',
  'POST /sagas/{saga}/instances/{instance}/skip': 'operator',
  'POST /sagas/{saga}/instances/{instance}/compensate': 'operator',
  // It changes nothing, but tries what a config names, as validate does.
  'POST /sluice/plan': 'admin',
  'PUT /sluice/connectors/{connector}/apply': 'admin',
};

/** The role that a call of a route needs; a route without a line in the table is an admin's. HEAD is a GET; OPTIONS shows no more than names of methods. */
export function neededRole(method: string, path: string, { metricsOpen }: { readonly metricsOpen: boolean }): Needed {
  if (method === 'OPTIONS') return 'open';
  const call = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  if (metricsOpen && call === 'GET /metrics') return 'open';
  return Object.hasOwn(neededRoles, call) ? neededRoles[call]! : 'admin';
}

/** Whether somebody of a role may do what needs another; null: no role at all. */
export function allows(has: Role | null, needs: Needed): boolean {
  if (needs === 'open') return true;
  return has !== null && roles.indexOf(has) >= roles.indexOf(needs);
}

/** The highest of some roles; null where there is none. */
export function highest(some: Iterable<Role>): Role | null {
  let best: Role | null = null;
  for (const role of some) if (best === null || roles.indexOf(role) > roles.indexOf(best)) best = role;
  return best;
}

export function isRole(text: string): text is Role {
  return roles.some(role => role === text);
}
