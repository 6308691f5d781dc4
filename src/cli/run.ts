import { relative } from 'node:path';
import { loadWorker, type WorkerConfig } from '../config/worker-file.ts';
import { armCrashPoint, crashPointVariable, nearest, SluiceError } from '../contract/index.ts';
import { createLogging } from '../observe/logging.ts';
import { version } from '../version.ts';
import type { CommandInput } from './command-line.ts';
import { kafkaOptions } from './kafka-options.ts';
import type { Terminal } from './terminal.ts';
import { type RunningWorker, startWorker } from './worker.ts';

/** From SIGTERM to the end, whatever hangs. */
const stopMsMax = 9_500;
/** From the worker's end to the process's. */
const lingerMsMax = 250;

/** `sluice run`: the daemon. Answers 0 when it was stopped, 1 when it could not start. */
export async function run({ terminal, text }: CommandInput): Promise<number> {
  const file = text('config');
  if (file === null)
    throw new SluiceError('CONFIG_FILE_UNREADABLE', 'run needs the worker’s file: sluice run -c FILE', {
      remedy: 'A file with nothing in it will do; sluice run --help shows one.',
    });
  const format = text('log-format') ?? (terminal.interactive ? 'pretty' : 'json');
  if (format !== 'pretty' && format !== 'json') {
    const near = nearest(format, ['pretty', 'json']);
    throw new SluiceError('CONFIG_INVALID', `--log-format is pretty or json, not '${format}'${near ? `; did you mean '${near}'?` : '.'}`);
  }
  const crashSetting = process.env[crashPointVariable];
  armCrashPoint(crashSetting, () => process.kill(process.pid, 'SIGKILL'));
  const { config, warnings } = await loadWorker(file, process.env, kafkaOptions);
  const logging = createLogging({
    level: config.logLevel,
    pretty: format === 'pretty',
    color: terminal.paint.red('') !== '',
    destination: { write: line => terminal.log(line) },
    nowMs: Date.now,
  });
  const logger = logging.logger('sluice.worker');
  logger.info({ version, node: process.version, file }, `Sluice ${version} starts from ${file}`);
  if (crashSetting) logger.warn({}, `This process will kill itself: ${crashPointVariable}=${crashSetting}`);
  for (const warning of warnings) logger.warn({}, warning);
  const signalled = stopSignal();
  const worker = await startWorker(config, logging);
  if (format === 'pretty') terminal.out(firstScreen(terminal, config, worker));
  const failed = worker.ready.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => error,
  );
  const outcome = await Promise.race([signalled, failed]);
  if (typeof outcome !== 'string') {
    await worker.stop();
    throw outcome;
  }
  logger.info({ signal: outcome }, `${outcome}: stopping; a second one stops at once.`);
  const bound = setTimeout(() => {
    logger.error({ stopMsMax }, 'The worker did not stop in time and is ended.');
    process.exit(1);
  }, stopMsMax);
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  await worker.stop();
  clearTimeout(bound);
  // A task that did not end in time may hold a connection to a server that does not answer; nothing waits for it any more.
  setTimeout(() => process.exit(0), lingerMsMax).unref();
  return 0;
}

/** Resolves with the first signal that asks for an end. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}

/** What a person sees first: what runs, where REST is, the connectors. */
function firstScreen({ paint }: Terminal, config: WorkerConfig, { url, connectorFiles }: RunningWorker): string {
  const log = config.bootstrapServers === null ? `embedded, in ${near(config.dataDir)}` : `Kafka, at ${config.bootstrapServers.join(', ')}`;
  const width = Math.max(0, ...connectorFiles.map(({ name }) => name.length));
  const connectors = connectorFiles.map(
    ({ name, config: { 'connector.class': className = '' }, file }) =>
      `    ${paint.bold(name.padEnd(width))}  ${className.slice(className.lastIndexOf('.') + 1)}  ${paint.dim(near(file))}`,
  );
  return `
  ${paint.bold(`Sluice ${version}`)}
    log   ${log}
    REST  ${paint.cyan(url)}   ${paint.dim('(Kafka Connect’s API; more at /sluice/connectors)')}
  ${connectorFiles.length === 0 ? 'No connectors from files; those made by REST go on where they were.' : 'Connectors from files'}
${connectors.join('\n')}${connectors.length > 0 ? '\n' : ''}  ${paint.dim('sluice status    what they do        sluice log    what they wrote        Ctrl-C    stops')}

`;
}

/** A path from here, where that is the shorter way to say it. */
function near(path: string): string {
  const from = relative('', path) || '.';
  return from.length < path.length && !from.startsWith('..') ? from : path;
}
