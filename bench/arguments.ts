import { parseArgs } from 'node:util';
import { nearest } from '../src/contract/index.ts';
import { type ScenarioName, type SubjectName, scenarios, subjects } from './results.ts';
import { fullSettings, quickSettings, quickWithout, type Settings } from './settings.ts';
import { type DatabaseName, databaseNames } from './workload/bench-database.ts';

export const usage = `npm run bench                               everything, side by side with the real Debezium: about an hour
npm run bench -- --quick                    whether the harness works: under a minute, without Debezium
npm run bench -- --only stream,sluice-kafka --repeat 5
                                            the backlog of 300,000 updates into Kafka, five times: changes/s, CPU, peak memory

  --database NAME    ${databaseNames.join(', ')} (SecantusDB in MongoDB's place); one at a time (default: ${databaseNames[0]})
  --only NAMES       scenarios, subjects, or both, separated by commas (default: all)
                     scenarios: ${scenarios.join(', ')}
                     subjects:  ${subjects.join(', ')}
  --without NAMES    leaves these out; --without debezium leaves out both of Debezium's rows
  --repeat N         how often each is run; the tables show the median and the spread (default: ${fullSettings.repeat})
  --changes N        updates in the waiting backlog (default: ${fullSettings.changes})
  --rows N           rows of the snapshot, and changes of the single large transaction (default: ${fullSettings.rows})
  --seconds N        how long latency is measured (default: ${fullSettings.latencySeconds})
  --smallest-heap    also searches the smallest heap (-Xmx) with which Debezium still drains the backlog: ten minutes more
  --profile FOLDER   has node write a CPU profile of each of Sluice's processes there; figures with it are no figures
  --commit REF       measures this commit in place of the files as they are
  --json FILE        writes what was found to this file
  --publish          writes bench/results/DATE.json and bench/RESULTS.md also where only a part was run
  --note TEXT        a warning to put above the results: that the machine was busy, say
  --help

A run of everything writes bench/results/DATE.json and bench/RESULTS.md (with -mysql or -mongodb in their names). It needs Java 17, Maven and PostgreSQL 15's client programs (Debian:
postgresql-15), and an otherwise idle machine. bench/README.md says what is measured how.

npm run bench -- sinks [NAME ...]           each sink beside the bare client doing the same writes: elasticsearch, redis, jdbc, views;
                                            latency: from a commit until the change is visible in each sink (--seconds N, --quick, --profile FOLDER)
npm run bench -- services [NAME ...]        events: the event store on SQLite beside Emmett's; events-postgres: in PostgreSQL; sagas: the order saga (--quick, --seconds N of the latency)
npm run bench -- soak --minutes 30          load at half speed for so long: memory, lag and descriptors, drawn into docs/soak.svg
`;

/** What the harness was asked for. */
export type Arguments = {
  readonly database: DatabaseName;
  readonly settings: Settings;
  readonly chosen: (scenario: ScenarioName, subject: SubjectName) => boolean;
  readonly profileFolder: string | null;
  readonly commit: string | null;
  readonly note: string | null;
  readonly jsonFile: string | null;
  /** Whether the results are to be kept beside the code. */
  readonly publish: boolean;
};

/** A mistake in the arguments; the message says which. */
export class UsageError extends Error {}

function count(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} takes a number, such as ${standard}, not '${text}'.`);
  return Number(text);
}

function databaseOf(given: string): DatabaseName {
  const found = databaseNames.find(name => name === given);
  if (found) return found;
  const near = nearest(given, databaseNames);
  throw new UsageError(`--database: '${given}' is none of ${databaseNames.join(', ')}${near ? `; did you mean '${near}'?` : '.'}`);
}

/** The names of an option, each a scenario, a subject, or (`debezium` and `sluice`) all subjects that begin so. */
function names(option: string, text: string | undefined): string[] {
  const known = [...scenarios, ...subjects, 'sluice'];
  const given = (text ?? '').split(',').flatMap(name => name.trim() || []);
  for (const name of given) {
    if (known.some(candidate => candidate === name)) continue;
    const near = nearest(name, known);
    throw new UsageError(
      `--${option}: there is no scenario or subject '${name}'${near ? `; did you mean '${near}'?` : `. Known: ${known.join(', ')}`}`,
    );
  }
  return given;
}

function isScenario(name: string): name is ScenarioName {
  return scenarios.some(scenario => scenario === name);
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Reads the command line; null: only the help was asked for. Throws UsageError. */
export function readArguments(args: readonly string[]): Arguments | null {
  const text = { type: 'string' } as const;
  const on = { type: 'boolean' } as const;
  const options = {
    quick: on,
    database: text,
    only: text,
    without: text,
    repeat: text,
    changes: text,
    rows: text,
    seconds: text,
    'smallest-heap': on,
    profile: text,
    commit: text,
    note: text,
    json: text,
    publish: on,
    help: { ...on, short: 'h' },
  } as const;
  const { values } = parsed(() => parseArgs({ args: [...args], options }));
  if (values.help) return null;
  const base = values.quick ? quickSettings : fullSettings;
  const settings = {
    ...base,
    changes: count('changes', values.changes, base.changes),
    rows: count('rows', values.rows, base.rows),
    latencySeconds: count('seconds', values.seconds, base.latencySeconds),
    repeat: count('repeat', values.repeat, base.repeat),
  };
  const only = names('only', values.only);
  const without = names('without', values.without);
  if (values.quick) without.push('debezium');
  if (without.includes('debezium')) without.push('debezium-eos-off');
  if (!values['smallest-heap'] && !only.includes('smallest-heap')) without.push('smallest-heap');
  const [onlyScenarios, onlySubjects] = [only.filter(isScenario), only.filter(name => !isScenario(name))];
  const chosen = (scenario: ScenarioName, subject: SubjectName) =>
    (onlyScenarios.length === 0 || onlyScenarios.includes(scenario)) &&
    (onlySubjects.length === 0 || onlySubjects.some(name => name === subject || (name === 'sluice' && subject.startsWith('sluice')))) &&
    !(values.quick && quickWithout[scenario]?.includes(subject)) &&
    !without.some(name => name === scenario || name === subject || (name === 'sluice' && subject.startsWith('sluice')));
  const whole =
    !values.quick && only.length === 0 && !values.without && !values.changes && !values.rows && !values.seconds && !values.profile;
  return {
    database: databaseOf(values.database ?? databaseNames[0]),
    settings,
    chosen,
    profileFolder: values.profile ?? null,
    commit: values.commit ?? null,
    note: values.note ?? null,
    jsonFile: values.json ?? null,
    publish: whole || values.publish === true,
  };
}
