import { LogLevels } from '../observe/log-levels.ts';
import { type Answer, ok, RequestError } from './answer.ts';
import { configOf, parseTexts } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

/** Connect's /admin/loggers: LoggingResource. Logger names are this process's own (`sluice.rest`, `sluice.connector.NAME` ...). */
export function loggerRoutes(levels: LogLevels): readonly Route[] {
  function get({ parameters }: RestRequest): Answer {
    const name = parameters['logger']!;
    const level = levels.level(name);
    if (level === null) throw new RequestError(404, `Logger ${name} not found.`);
    return ok(level);
  }

  function set({ parameters, query, body }: RestRequest): Answer {
    const { level } = configOf(parseTexts(body), 'The request');
    if (level === undefined || level === null) throw new RequestError(400, "Desired 'level' parameter was not specified in request.");
    if (!LogLevels.isLevel(level)) throw new RequestError(404, `invalid log level '${level}'.`);
    const name = parameters['logger']!;
    if (levels.isFixed(name)) throw new RequestError(400, `The level of ${name} is fixed: it tells who changed what.`);
    const changed = levels.set(name, level);
    // Of a cluster this worker is the only one, so both scopes do the same; only the answers differ.
    return query.get('scope')?.toLowerCase() === 'cluster' ? { status: 204 } : ok(changed);
  }

  return [
    { path: '/admin/loggers', whenReady: false, methods: { GET: () => ok(levels.all()) } },
    { path: '/admin/loggers/{logger}', whenReady: false, methods: { GET: get, PUT: set } },
  ];
}
