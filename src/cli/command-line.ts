import { parseArgs } from 'node:util';
import { nearest } from '../contract/nearest.ts';
import { version } from '../version.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { type CommandUsage, usages } from './usage.ts';

/** What a command gets. */
export type CommandInput = {
  readonly terminal: Terminal;
  readonly positionals: readonly string[];
  text(flag: string): string | null;
  on(flag: string): boolean;
};

/** Runs a command; its answer is the exit code. */
export type Command = (input: CommandInput) => Promise<number>;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  check: async () => (await import('./check.ts')).check,
  plan: async () => (await import('./plan.ts')).plan,
  apply: async () => (await import('./apply.ts')).apply,
  takeover: async () => (await import('./takeover.ts')).takeover,
  log: async () => (await import('./log.ts')).log,
  status: async () => (await import('./status.ts')).status,
  pause: async () => (await import('./control.ts')).pause,
  resume: async () => (await import('./control.ts')).resume,
  stop: async () => (await import('./control.ts')).stop,
  restart: async () => (await import('./control.ts')).restart,
  snapshot: async () => (await import('./snapshot.ts')).snapshot,
  views: async () => (await import('./views.ts')).views,
  user: async () => (await import('./user.ts')).user,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLetters,
  replay: async () => (await import('./replay.ts')).replay,
  events: async () => (await import('./events.ts')).events,
  saga: async () => (await import('./saga.ts')).saga,
  verify: async () => (await import('./verify.ts')).verify,
};

/** A mistake in how a command was called: exit code 2. */
class UsageError extends Error {}

/** Runs the command that the arguments name. Answers the exit code: 0 done, 1 failed, 2 called wrongly. */
export async function runCommandLine(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = name === 'help' ? usages.find(usage => usage.name === rest[0]) : undefined;
    terminal.out(about ? commandHelp(about, terminal) : help(terminal));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    terminal.out(`${version}\n`);
    return 0;
  }
  try {
    const usage = usages.find(candidate => candidate.name === name);
    if (usage === undefined)
      throw new UsageError(
        `There is no command '${name}'${suggestion(
          name,
          usages.map(candidate => candidate.name),
        )}\nTry: sluice --help`,
      );
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(commandHelp(usage, terminal));
      return 0;
    }
    const input = parse(usage, rest, terminal);
    return await (await commands[name]!())(input);
  } catch (error) {
    const code = failed(error, terminal);
    // Where 2 means something else, a slip of the pen must not say that.
    return code === 2 && usages.find(usage => usage.name === name)?.misusedIsFailure ? 1 : code;
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near ? `; did you mean '${near}'?` : '.';
}

function parse(usage: CommandUsage, args: readonly string[], terminal: Terminal): CommandInput {
  const { tokens } = parseArgs({ args: [...args], options: usage.flags, strict: false, allowPositionals: true, tokens: true });
  const [texts, switches, positionals] = [new Map<string, string>(), new Set<string>(), [] as string[]];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = usage.flags[token.name];
    if (flag === undefined) {
      const known = Object.keys(usage.flags);
      throw new UsageError(
        `'${usage.name}' has no option ${token.rawName}${suggestion(token.name, known).replace(/'(.*)'/, "'--$1'")}\nTry: sluice ${usage.name} --help`,
      );
    }
    if (flag.type === 'boolean') switches.add(token.name);
    else if (token.value === undefined || token.value === '')
      throw new UsageError(`${token.rawName} needs a value.\nTry: sluice ${usage.name} --help`);
    else texts.set(token.name, token.value);
  }
  const { least, most } = usage.arguments;
  if (positionals.length < least || positionals.length > most) {
    const surplus = positionals[most];
    const what = positionals.length < least ? 'An argument is missing.' : `The argument '${surplus}' is one too many.`;
    throw new UsageError(`${what}\nUsage: sluice ${usage.synopsis}`);
  }
  return { terminal, positionals, text: flag => texts.get(flag) ?? null, on: flag => switches.has(flag) };
}

function failed(error: unknown, { err, paint }: Terminal): number {
  if (error instanceof UsageError) {
    err(`${error.message}\n`);
    return 2;
  }
  const { message, remedy, code, stack } = error as Error & { remedy?: string; code?: string };
  err(`${paint.red(message)}\n`);
  if (remedy !== undefined) err(`${remedy}\n`);
  if (remedy === undefined || code === 'INTERNAL') err(`${stack}\n`);
  return 1;
}

function help({ paint }: Terminal): string {
  const width = Math.max(...usages.map(({ name }) => name.length));
  const lines = usages.map(({ name, summary }) => `  ${paint.bold(name.padEnd(width))}  ${summary}`);
  return `Sluice ${version}: change data capture in one process. Debezium's records, Kafka Connect's configuration and REST API.

Usage: sluice COMMAND [OPTIONS]

${lines.join('\n')}

  sluice COMMAND --help tells more, sluice --version the version.

To begin with, write a connector and run it:

  connectors/orders.yaml         name: orders
                                 connector.class: postgres
                                 database.hostname: 127.0.0.1
                                 database.user: postgres
                                 database.password: \${env:PGPASSWORD}
                                 database.dbname: shop
                                 topic.prefix: shop
                                 plugin.name: pgoutput

  config/worker.yaml             data.dir: ../data
                                 connectors: ../connectors/*.yaml

  sluice check connectors/orders.yaml
  sluice run -c config/worker.yaml
  sluice log shop.public.orders -c config/worker.yaml --follow
`;
}

function commandHelp({ synopsis, summary, help: text }: CommandUsage, { paint }: Terminal): string {
  return `${paint.bold(`sluice ${synopsis}`)}\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.\n\n${text}\n`;
}
