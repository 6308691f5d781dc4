import { parseArgs } from 'node:util';

const usage = `npm run demo                     a small shop on a real Postgres and its changes as they come, until Ctrl-C
npm run demo -- --changes 5000   ends by itself, and compares the log with the database row by row
`;

/** What the demo was asked for. `changes` null: until Ctrl-C. */
export type DemoArguments = { readonly changes: number | null };

/** Reads the command line; where there is nothing to run, says why and ends the process. */
export function demoArguments(args: readonly string[]): DemoArguments {
  const end = (code: number, text: string): never => {
    (code === 0 ? process.stdout : process.stderr).write(text);
    process.exit(code);
  };
  let values: { changes?: string | undefined; help?: boolean | undefined };
  try {
    ({ values } = parseArgs({ args: [...args], options: { changes: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }));
  } catch (error) {
    return end(2, `${(error as Error).message}\n\n${usage}`);
  }
  if (values.help) end(0, usage);
  if (values.changes === undefined) return { changes: null };
  if (!/^[1-9]\d{0,8}$/.test(values.changes))
    end(2, `--changes takes a number of changes, such as 5000; got "${values.changes}".\n\n${usage}`);
  return { changes: Number(values.changes) };
}
