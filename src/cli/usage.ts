import { type CommandUsage, restHelp, urlFlag, workerFlag } from './command-usage.ts';
import { changeUsages } from './usage-changes.ts';
import { eventUsages } from './usage-events.ts';
import { sagaUsages } from './usage-sagas.ts';

export type { CommandUsage, FlagSpec } from './command-usage.ts';

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
  ...changeUsages,
  ...eventUsages,
  ...sagaUsages,
  {
    name: 'log',
    synopsis: 'log [TOPIC ...] [--from WHERE] [--to WHERE] [--follow] (-c FILE | --data-dir DIR)',
    summary: 'read topics of the log; without a topic, list them',
    help: `  -c, --config FILE    the worker's file: its log, embedded or Kafka, is read
      --data-dir DIR   or the folder of an embedded log (also while the daemon runs)
      --from WHERE     start (default), end, an offset, offsets of some partitions (TOPIC-0:4711),
                       or a time: 2026-08-01T12:00:00Z, or milliseconds since 1970
      --to WHERE       up to there, exclusive (default: the log's end as it is now)
  -f, --follow         go on with what is appended, until Ctrl-C
  -n, --max COUNT      stop after so many records
      --format F       pretty or ndjson (default: pretty on a terminal, else ndjson)

  sluice log -c config/worker.yaml
  sluice log srv.public.orders -c config/worker.yaml --from end --follow
  sluice log srv.public.orders -c config/worker.yaml --from 2026-08-01T12:00:00Z --to 2026-08-01T12:05:00Z
  sluice log srv.public.orders --data-dir data --format ndjson | jq .value.payload.op`,
    flags: {
      ...workerFlag,
      'data-dir': { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
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
    name: 'user',
    synopsis: 'user NAME --role ROLE [--file FILE]',
    summary: 'make a user of the REST API: hash a password for the users file',
    help: `  NAME                 who logs in with it
      --role ROLE      viewer, operator or admin
      --file FILE      the users file (rest.basic.users.file): the entry is added, or takes the
                       place of the one of that name; without it the entry is printed
      --remove         takes the user out of the file

The password is asked for on a terminal, else it is the first line of the input. A running worker
reads the file again by itself.

  sluice user alice --role operator --file config/users
  pass show sluice/alice | sluice user alice --role operator --file config/users`,
    flags: { role: { type: 'string' }, file: { type: 'string' }, remove: { type: 'boolean' } },
    arguments: { least: 1, most: 1 },
  },
  {
    name: 'snapshot',
    synopsis: 'snapshot NAME [TABLE ...] [-u URL]',
    summary: 'read tables of a running source again, beside its stream; without a table, how far that is',
    help: `  NAME                 the source
  TABLE                tables as schema.table, or patterns of that (Java's)
      --where SQL      only rows that meet it
      --type blocking  the stream waits while they are read
      --surrogate-key COLUMN
                       read by this unique NOT NULL column in the primary key's place
      --detach         do not wait for the end
      --pause          pause what is under way, --resume goes on with it
      --stop           stop it: the tables named, or all of it
      --json           the answer as it is
${restHelp}

  sluice snapshot orders public.orders public.order_lines
  sluice snapshot orders public.orders --where "placed_at > now() - interval '1 day'"
  sluice snapshot orders --stop

Exit code 1 where a table was left out; the reason is beside it.`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      where: { type: 'string' },
      type: { type: 'string' },
      'surrogate-key': { type: 'string' },
      detach: { type: 'boolean' },
      pause: { type: 'boolean' },
      resume: { type: 'boolean' },
      stop: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    arguments: { least: 1, most: 100 },
  },
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
  {
    name: 'replay',
    synopsis: 'replay SINK --from PLACE [--to PLACE] [list | watch ID | stop ID] [-u URL]',
    summary: 'send a part of the log to a sink again, beside its live flow',
    help: `  SINK                 the connector
  list, watch, stop    what replays there are; how one goes; end one
      --from PLACE     where it begins: start, a time, offsets, or a position of the source
      --to PLACE       where it ends (default: the log's end as it is now)
      --table T        these tables or topics only, with commas
      --key K          these keys only: a value, values with commas, or JSON; the key of a
                       client certificate is SLUICE_KEY here
      --rate N         at most so many records a second
      --dry-run        how much it would send
      --detach         do not wait for its end
      --json           the answer as it is
${restHelp}

  sluice replay search --from 2026-08-01T12:00:00Z --to 2026-08-01T13:00:00Z
  sluice replay search --from shop.public.orders-0:4711 --dry-run
  sluice replay search --from 0/16B3748 --table orders --key 42
  sluice replay search list

Into a sink that holds state, each key's latest record is sent, wherever in the log that is; others get the records as they were. Ctrl-C ends the looking,
not the replay.`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      from: { type: 'string' },
      to: { type: 'string' },
      table: { type: 'string' },
      key: { type: 'string' },
      rate: { type: 'string' },
      'dry-run': { type: 'boolean' },
      detach: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    arguments: { least: 1, most: 3 },
  },
  {
    name: 'verify',
    synopsis: 'verify SOURCE --against SINK [--table T] [--repair] [-u URL]',
    summary: 'compare the tables of a source with what a sink has made of them, and put right what differs',
    help: `  SOURCE               the source's connector
      --against SINK   the sink's connector; or log: the log's own latest state
      --table T        these tables only, names or regular expressions, with commas
      --repair         send the latest records of rows that differ again, and remove rows that the source does not have
      --rate N         read at most so many rows a second, on each side (default: 5000)
      --chunk N        rows of one statement (default: 1000)
      --keys N         show the keys of at most so many rows of a table; 0: none (default: 100)
      --differences N  give up where more rows of a table differ (default: 10000)
      --detach         do not wait for its end
      --json           the answer as it is
${restHelp}

  sluice verify shop --against search
  sluice verify shop --against search --table public.orders --repair

Exit code 1 where something differs and is not repaired. Ctrl-C ends the looking, not the verification: DELETE /connectors/SOURCE/verifications/ID does.`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      against: { type: 'string' },
      table: { type: 'string' },
      repair: { type: 'boolean' },
      rate: { type: 'string' },
      chunk: { type: 'string' },
      keys: { type: 'string' },
      differences: { type: 'string' },
      detach: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    arguments: { least: 1, most: 1 },
  },
];
