import type { Supervisor } from '../engine/supervisor.ts';
import { ok } from './answer.ts';
import type { Route } from './router.ts';

/**
 * What Connect's API has no place for: RETRYING with its reason, position, lag and throughput, snapshot progress, warnings about the config,
 * and the file that holds a connector.
 */
export function sluiceRoutes(supervisor: Supervisor): readonly Route[] {
  return [
    {
      path: '/sluice/connectors',
      whenReady: true,
      methods: { GET: () => ok(Object.fromEntries(supervisor.names().map(name => [name, supervisor.progress(name)]))) },
    },
    {
      path: '/sluice/connectors/{connector}',
      whenReady: true,
      methods: { GET: ({ parameters }) => ok(supervisor.progress(parameters['connector']!)) },
    },
  ];
}
