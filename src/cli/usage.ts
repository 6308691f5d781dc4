/** Options of the command line, as node:util's parseArgs takes them. */
export type FlagSpec = { readonly type: 'string' | 'boolean'; readonly short?: string };

/** A command as the table in commands.ts describes it. */
export type CommandUsage = {
  readonly name: string;
  /** `run -c FILE` without the program's name. */
  readonly synopsis: string;
  readonly summary: string;
  /** What --help says below the synopsis: options and examples. */
  readonly help: string;
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** How many arguments it takes beside options. */
  readonly arguments: { readonly least: number; readonly most: number };
};

const workerFlag = { config: { type: 'string', short: 'c' } } as const;
const urlFlag = { url: { type: 'string', short: 'u' } } as const;
const restHelp = `  -u, --url URL        the worker's REST address (default: http://127.0.0.1:8083)
  -c, --config FILE    or the worker's file: its first listener is called`;

function control(name: string, summary: string, more: string, flags: CommandUsage['flags'] = {}): CommandUsage {
  return {
    name,
    synopsis: `${name} NAME [-u URL]`,
    summary,
    help: `${more}
${restHelp}

  sluice ${name} orders`,
    flags: { ...urlFlag, ...workerFlag, ...flags },
    arguments: { least: 1, most: 1 },
  };
}

/** Every command. Their modules are loaded when they run. */
export const usages: readonly CommandUsage[] = [
  {
    name: 'run',
    synopsis: 'run -c FILE',
    summary: 'run the daemon: connectors from files and REST, until Ctrl-C or SIGTERM',
    help: `  -c, --config FILE    the worker's file: YAML, JSON or Java properties
      --log-format F   pretty or json (default: pretty on a terminal, else json)

  sluice run -c config/worker.yaml

A worker file needs nothing; these are the options most have:

  data.dir: data                     # the embedded log: topics, offsets, states
  # bootstrap.servers: kafka:9092    # with it, Kafka is the log
  connectors: connectors/*.yaml      # connectors to run; REST makes more
  listeners: http://127.0.0.1:8083   # Kafka Connect's REST API`,
    flags: { ...workerFlag, 'log-format': { type: 'string' } },
    arguments: { least: 0, most: 0 },
  },
  {
    name: 'views',
    synopsis: 'views verify FILE [VIEW ...]',
    summary: 'compute materialized views anew and compare them to what is stored',
    help: `  FILE                 the connector's file
  VIEW                 views of it (default: all)
  -c, --config FILE    the worker's file, for its config providers

  sluice views verify connectors/shop-views.yaml customer_orders`,
    flags: { ...workerFlag },
    arguments: { least: 2, most: 100 },
  },
  {
    name: 'check',
    synopsis: 'check FILE [-c WORKER]',
    summary: 'look at a connector or worker file and try the databases, without starting anything',
    help: `  FILE                 a connector's file, or a worker's: then all its connectors
  -c, --config FILE    the worker's file, for its converters and config providers
      --offline        look at the files only

  sluice check connectors/orders.yaml

Prints every fault at once, each with what to do about it. Exit code 1 where there is one.`,
    flags: { ...workerFlag, offline: { type: 'boolean' } },
    arguments: { least: 1, most: 1 },
  },
  {
    name: 'log',
    synopsis: 'log [TOPIC ...] [--from WHERE] [--follow] (-c FILE | --data-dir DIR)',
    summary: 'read topics of the log; without a topic, list them',
    help: `  -c, --config FILE    the worker's file: its log, embedded or Kafka, is read
      --data-dir DIR   or the folder of an embedded log (also while the daemon runs)
      --from WHERE     start (default), end, an offset, or a time: 2026-08-01T12:00:00Z
  -f, --follow         go on with what is appended, until Ctrl-C
  -n, --max COUNT      stop after so many records
      --format F       pretty or ndjson (default: pretty on a terminal, else ndjson)

  sluice log -c config/worker.yaml
  sluice log srv.public.orders -c config/worker.yaml --from end --follow
  sluice log srv.public.orders --data-dir data --format ndjson | jq .value.payload.op`,
    flags: {
      ...workerFlag,
      'data-dir': { type: 'string' },
      from: { type: 'string' },
      follow: { type: 'boolean', short: 'f' },
      max: { type: 'string', short: 'n' },
      format: { type: 'string' },
    },
    arguments: { least: 0, most: 100 },
  },
  {
    name: 'status',
    synopsis: 'status [NAME] [-u URL]',
    summary: 'what the connectors of a running worker do: state, position, lag, rate',
    help: `  NAME                 one connector in full; without it all, a line each
${restHelp}
      --json           the answer as it is

  sluice status
  sluice status orders`,
    flags: { ...urlFlag, ...workerFlag, json: { type: 'boolean' } },
    arguments: { least: 0, most: 1 },
  },
  control('pause', 'pause a connector: its tasks stop reading, its place is kept', '  NAME                 the connector'),
  control('resume', 'resume a connector that was paused or stopped', '  NAME                 the connector'),
  control('stop', 'stop a connector: no tasks, and its offsets may be changed', '  NAME                 the connector'),
  control(
    'restart',
    'restart a connector and its tasks',
    `  NAME                 the connector
      --only-failed    only what has failed`,
    { 'only-failed': { type: 'boolean' } },
  ),
  {
    name: 'dead-letters',
    synopsis: 'dead-letters NAME [list | show OFFSET | redeliver | discard] [-u URL]',
    summary: 'list, show, redeliver or discard the records that a sink could not deliver',
    help: `  NAME                 the sink
  list                 what waits, and why (this is what it does without a word)
  show OFFSET          one of them in full; sluice log shows what is in it
  redeliver            sends them through the sink again, under the versions they had: nothing newer is overwritten
  discard              takes them as dealt with
      --to OFFSET      only those up to this one
      --json           the list as it is
${restHelp}

  sluice dead-letters search
  sluice dead-letters search redeliver`,
    flags: { ...urlFlag, ...workerFlag, to: { type: 'string' }, json: { type: 'boolean' } },
    arguments: { least: 1, most: 3 },
  },
];
