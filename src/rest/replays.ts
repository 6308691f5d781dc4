import { exactIntegers } from '../contract/index.ts';
import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { ok } from './answer.ts';
import { parseJson } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

const nameOf = ({ parameters }: RestRequest) => parameters['connector']!;
const idOf = ({ parameters }: RestRequest) => parameters['replay']!;

/** Replays of sinks: `replays` below a connector, each by its id. Those that act are for the worker that runs the sink. */
export function replayRoutes({ replays }: Pick<Supervisor, 'replays'>): readonly Route[] {
  return [
    {
      path: '/connectors/{connector}/replays',
      whenReady: true,
      whose: { reads: true },
      methods: {
        GET: async request => ok(await replays.list(nameOf(request))),
        POST: async request => {
          // A key may be an integer beyond what a number holds.
          const made = await replays.create(nameOf(request), parseJson(request.body, exactIntegers));
          return { status: 'dry_run' in made ? 200 : 201, body: made };
        },
      },
    },
    {
      path: '/connectors/{connector}/replays/{replay}',
      whenReady: true,
      whose: { reads: true },
      methods: {
        GET: async request => ok(await replays.get(nameOf(request), idOf(request))),
        DELETE: async request => ok(await replays.stop(nameOf(request), idOf(request))),
      },
    },
  ];
}
