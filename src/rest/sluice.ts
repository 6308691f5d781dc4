import type { Supervisor } from '../engine/supervisor.ts';
import { type Answer, ok } from './answer.ts';
import { askOthers } from './forwarding.ts';
import type { RestRequest, Route } from './router.ts';

/**
 * What Connect's API has no place for: RETRYING with its reason, position, lag and throughput, snapshot progress, warnings about the config,
 * the file that holds a connector, and the group of workers that share them. `workerId`: this worker's, for the others it asks.
 */
export function sluiceRoutes(supervisor: Supervisor, workerId: () => string): readonly Route[] {
  async function list({ handedOn }: RestRequest): Promise<Answer> {
    const own = supervisor.names().filter(name => !handedOn || supervisor.owns(name));
    const known = Object.fromEntries(own.map(name => [name, supervisor.progress(name)]));
    const { group } = supervisor;
    // What a worker that does not answer runs is shown as it is known here: its config, and no task.
    const others = handedOn || group === null ? [] : await askOthers(group, '/sluice/connectors', workerId());
    return ok(Object.assign(known, ...others));
  }

  return [
    { path: '/sluice/connectors', whenReady: true, methods: { GET: list } },
    {
      path: '/sluice/connectors/{connector}',
      whenReady: true,
      whose: { reads: true },
      methods: { GET: ({ parameters }) => ok(supervisor.progress(parameters['connector']!)) },
    },
    { path: '/sluice/group', whenReady: true, methods: { GET: () => ok(supervisor.group?.view() ?? null) } },
  ];
}
