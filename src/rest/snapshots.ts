import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { ShownSnapshot, SnapshotRequest } from '../engine/supervisor/supervisor-snapshots.ts';
import { type Answer, ok, RequestError } from './answer.ts';
import { objectOf, parseTexts, type TextTree } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

const known = ['tables', 'type', 'where', 'surrogate_key'];

function tablesOf(tables: TextTree | undefined): readonly string[] {
  const list = Array.isArray(tables) ? (tables as readonly TextTree[]) : [];
  const names = list.filter(name => typeof name === 'string' && name.trim() !== '') as readonly string[];
  if (names.length === 0 || names.length !== list.length)
    throw new RequestError(400, '"tables" must be a list of tables, as schema.table or as patterns of that.');
  return names;
}

function whereOf(where: TextTree | undefined): SnapshotRequest['where'] {
  if (where === undefined || where === null) return null;
  if (typeof where === 'string') return where;
  const conditions = objectOf(where, '"where"');
  if (Object.values(conditions).some(filter => typeof filter !== 'string'))
    throw new RequestError(400, '"where" must be an SQL condition, or an object of tables to conditions.');
  return conditions as Readonly<Record<string, string>>;
}

function requestOf(body: string): SnapshotRequest {
  const fields = objectOf(parseTexts(body), 'The request');
  const unknown = Object.keys(fields).find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new RequestError(400, `There is no "${unknown}" (known are ${known.map(name => `"${name}"`).join(', ')}).`);
  const { type = 'incremental', surrogate_key: surrogateKey = null } = fields;
  if (type !== 'incremental' && type !== 'blocking') throw new RequestError(400, '"type" must be incremental or blocking.');
  if (surrogateKey !== null && typeof surrogateKey !== 'string')
    throw new RequestError(400, '"surrogate_key" must be the name of a column.');
  return { tables: tablesOf(fields['tables']), type, where: whereOf(fields['where']), surrogateKey };
}

/** Snapshots on demand. Each answers how far the one is that is under way, or the last one. */
export function snapshotRoutes(supervisor: Supervisor): readonly Route[] {
  const { snapshots } = supervisor;
  const nameOf = ({ parameters }: RestRequest) => parameters['connector']!;
  const answer = (snapshot: ShownSnapshot | null): Answer => ok({ snapshot });
  const accepted = (snapshot: ShownSnapshot | null): Answer => ({ status: 202, body: { snapshot } });
  const path = '/connectors/{connector}/snapshots';
  return [
    {
      path,
      whenReady: true,
      whose: { reads: true },
      methods: {
        GET: request => answer(snapshots.view(nameOf(request))),
        POST: async request => accepted(await snapshots.request(nameOf(request), requestOf(request.body))),
        DELETE: async request => {
          const tables = request.query.getAll('table');
          return accepted(await snapshots.stop(nameOf(request), tables.length > 0 ? tables : null));
        },
      },
    },
    {
      path: `${path}/pause`,
      whenReady: true,
      whose: {},
      methods: { PUT: async request => accepted(await snapshots.pause(nameOf(request), true)) },
    },
    {
      path: `${path}/resume`,
      whenReady: true,
      whose: {},
      methods: { PUT: async request => accepted(await snapshots.pause(nameOf(request), false)) },
    },
  ];
}
