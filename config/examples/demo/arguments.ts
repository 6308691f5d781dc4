import { parseArgs } from 'node:util';

const usage = `npm run demo                             a small shop on a real Postgres; its changes, and how the view, the cache and the
                                         index follow, until Ctrl-C
npm run demo -- --changes 5000           ends by itself, and compares the log and the targets with the database row by row
npm run demo -- --with redis,elasticsearch   the cache in Redis, the index in Elasticsearch
npm run demo -- --source mysql           a shop on MySQL, or on mariadb or mongodb
npm run demo -- --services               orders led by sagas through several services, and a worker that is killed meanwhile
`;

const sources = ['postgres', 'mysql', 'mariadb', 'mongodb'] as const;
export type SourceName = (typeof sources)[number];
const companions = ['redis', 'elasticsearch'] as const;
export type Companion = (typeof companions)[number];

/** What the demo was asked for. `changes` null: until Ctrl-C. */
export type DemoArguments = {
  readonly changes: number | null;
  readonly source: SourceName;
  readonly with: ReadonlySet<Companion>;
};

/** Reads the command line; where there is nothing to run, says why and ends the process. */
export function demoArguments(args: readonly string[]): DemoArguments {
  const end = (code: number, text: string): never => {
    (code === 0 ? process.stdout : process.stderr).write(text);
    process.exit(code);
  };
  const text = { type: 'string' } as const;
  const options = { changes: text, source: text, with: text, help: { type: 'boolean', short: 'h' } } as const;
  let values: { changes?: string | undefined; source?: string | undefined; with?: string | undefined; help?: boolean | undefined };
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return end(2, `${(error as Error).message}\n\n${usage}`);
  }
  if (values.help) end(0, usage);
  const chosen = <Name extends string>(option: string, given: string, names: readonly Name[]): Name =>
    names.find(name => name === given) ?? end(2, `--${option} takes ${names.join(', ')}; got "${given}".\n\n${usage}`);
  if (values.changes !== undefined && !/^[1-9]\d{0,8}$/.test(values.changes))
    end(2, `--changes takes a number of changes, such as 5000; got "${values.changes}".\n\n${usage}`);
  return {
    changes: values.changes === undefined ? null : Number(values.changes),
    source: chosen('source', values.source ?? 'postgres', sources),
    with: new Set((values.with ?? '').split(',').flatMap(name => (name === '' ? [] : [chosen('with', name.trim(), companions)]))),
  };
}
