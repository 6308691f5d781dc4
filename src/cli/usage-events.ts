import { type CommandUsage, restHelp, urlFlag, workerFlag } from './command-usage.ts';

/** What is to be done with the event store of a worker. */
export const eventUsages: readonly CommandUsage[] = [
  {
    name: 'events',
    synopsis: 'events append|read|state STREAM, or events all',
    summary: 'append to the event store of a running worker, and read it',
    help: `  append STREAM TYPE [DATA]  one event; DATA is JSON ({} without it)
      --expect VERSION the version that the stream has; or none, exists, any
      --id ID          the event's id: the same one is stored once
  read STREAM          the events of a stream, which is type:id
      --from VERSION   the first one wanted; with --backwards the last
      --backwards      the latest first
  state STREAM         the aggregate, where the worker knows one of that type
      --at PLACE       as of a version, or of a moment (2026-01-31T12:00:00Z)
  all                  the events of all streams, in the order of the commits
      --after POSITION those behind it
      --limit N        of read and all: at most so many (default 100)
      --json           a line of JSON an event; of state: the state alone

${restHelp}

  sluice events append order:1 OrderPlaced '{"customer": "ann"}' --expect none
  sluice events read order:1 --backwards --limit 10
  sluice events state order:1 --at 2`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      expect: { type: 'string' },
      id: { type: 'string' },
      from: { type: 'string' },
      backwards: { type: 'boolean' },
      at: { type: 'string' },
      after: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
    },
    arguments: { least: 1, most: 4 },
  },
];
