import { type CommandUsage, restHelp, urlFlag, workerFlag } from './command-usage.ts';

/** Commands that change what connectors are, and where they run. */
export const changeUsages: readonly CommandUsage[] = [
  {
    name: 'plan',
    synopsis: 'plan [FILE | FOLDER] [-u URL]',
    summary: 'what connector files would change of what a running worker has',
    help: `  FILE, FOLDER         connectors as they are to be (without it: the worker's own files, as they are now)
      --prune          with a FOLDER: connectors made by REST that are not in it would go
      --json           the plan as it is
${restHelp}

  sluice plan
  sluice plan connectors/ -u http://127.0.0.1:8083

Of each connector: the options that differ, whether its tasks start anew, whether its position is kept, tables and topics that come and go, what is read
in full. Nothing is changed. Exit code 0: nothing would change; 2: something would; 1: a fault.`,
    flags: { ...urlFlag, ...workerFlag, prune: { type: 'boolean' }, json: { type: 'boolean' } },
    arguments: { least: 0, most: 1 },
    misusedIsFailure: true,
  },
  {
    name: 'apply',
    synopsis: 'apply [FILE | FOLDER] [--yes] [-u URL]',
    summary: 'make a running worker follow connector files, as sluice plan shows',
    help: `  FILE, FOLDER         as for plan
      --yes            do not ask
      --lose-position  also what makes a connector lose its position: it begins anew
      --prune          with a FOLDER: remove connectors made by REST that are not in it
${restHelp}

  sluice apply
  sluice apply connectors/orders.yaml --yes

Connectors that go are first, then sinks, then sources. It stops at the first that fails, and says what is left.`,
    flags: { ...urlFlag, ...workerFlag, prune: { type: 'boolean' }, yes: { type: 'boolean' }, 'lose-position': { type: 'boolean' } },
    arguments: { least: 0, most: 1 },
  },
  {
    name: 'takeover',
    synopsis: 'takeover URL NAME [--shadow] [--yes] (-c FILE | -u URL)',
    summary: 'take a connector over from a running Kafka Connect, at the position it has',
    help: `  URL                  Kafka Connect's REST address; a login may stand in it (http://user:password@...)
  NAME                 the connector
      --shadow         first run it beside, on a place and topics of its own, and compare what both publish
      --shadow-for T   for how long: 30s, 10m (default: 60s)
      --bootstrap-servers LIST  Connect's Kafka, where it is not the worker's
      --as-debezium    leave options out that Debezium 3 ignores and Sluice does not
      --as-written     or do as they say
      --set A=1,B=2    options as they are to be here
      --unset A,B      or not to be
      --yes            do not ask: stop it there, go on here
      --return         the way back: from this worker to Kafka Connect
${restHelp}

  sluice takeover http://connect:8083 orders -c config/worker.yaml
  sluice takeover http://connect:8083 orders -c config/worker.yaml --shadow --shadow-for 10m
  sluice takeover http://connect:8083 orders -c config/worker.yaml --yes

Without --yes and without a terminal it only looks. Debezium's connectors of PostgreSQL, MySQL, MariaDB
and MongoDB; the worker must run.`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      shadow: { type: 'boolean' },
      'shadow-for': { type: 'string' },
      'bootstrap-servers': { type: 'string' },
      'as-debezium': { type: 'boolean' },
      'as-written': { type: 'boolean' },
      set: { type: 'string' },
      unset: { type: 'string' },
      yes: { type: 'boolean' },
      return: { type: 'boolean' },
    },
    arguments: { least: 2, most: 2 },
  },
];
