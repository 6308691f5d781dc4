import { relative, resolve } from 'node:path';
import { type ConnectorFile, findConnectorFiles, readConnectorFile } from '../config/connector-files.ts';
import { parseConfigText, readConfigFile } from '../config/document.ts';
import { loadWorker, resolveWorker, type WorkerConfig } from '../config/worker-file.ts';
import { type CheckResult, toSluiceError } from '../contract/index.ts';
import { resolveConnector } from '../engine/connector/connector-config.ts';
import type { ConnectorPlan, ConnectorResolving, ResolvedConnector } from '../engine/connector/connector-plan.ts';
import { againstFaults, type KnownConnector } from '../engine/verification/against.ts';
import type { Logging } from '../observe/logging.ts';
import type { CommandInput } from './command-line.ts';
import { noLogging } from './command-logging.ts';
import { kafkaOptions } from './kafka-options.ts';
import { accessFaults, openDoors } from './rest-access.ts';
import { serviceFaults } from './services.ts';
import type { Terminal } from './terminal.ts';
import { clock, connectorResolving } from './worker.ts';

const remedyOfSink = 'Correct the name, or add the sink’s file to the worker’s connectors.';

/** How long the preflight of one connector may take. */
const preflightMsMax = 30_000;

/** `sluice check`: everything wrong with a connector's or worker's file, and with what its connectors need, at once. */
export async function check({ terminal, positionals, text, on }: CommandInput): Promise<number> {
  const file = resolve(positionals[0]!);
  const logging = noLogging();
  let config: WorkerConfig;
  let files: readonly string[];
  let faults = 0;
  const ofWorker = await isWorkerFile(file);
  if (ofWorker) {
    const worker = await loadWorker(file, process.env, kafkaOptions);
    config = worker.config;
    const found = [...(await accessFaults(config)), ...(await serviceFaults(config))];
    const wrong = found.map(({ message, remedy }) => finding('fault', message, remedy));
    faults += report(terminal, relative('', file), [...[...worker.warnings, ...openDoors(config)].map(warned), ...wrong]);
    files = await findConnectorFiles(config.connectorPatterns);
  } else {
    const given = text('config');
    const worker = given === null ? await defaultWorker() : await loadWorker(given, process.env, kafkaOptions);
    config = worker.config;
    files = [file];
  }
  const connectors: ConnectorFile[] = [];
  for (const each of files) connectors.push(...(await readConnectorFile(each)));
  const resolving = await connectorResolving(config, logging);
  // A worker's files are all that it has; a file on its own says nothing of what else there is.
  const known = ofWorker ? await kindsOf(connectors, resolving) : null;
  for (const connector of connectors)
    faults += await checkConnector(terminal, connector, resolving, { logging, known, offline: on('offline') });
  const { paint } = terminal;
  terminal.out(faults === 0 ? `${paint.green('No faults.')}\n` : `${paint.red(`${faults} fault${faults === 1 ? '' : 's'}.`)}\n`);
  return faults === 0 ? 0 : 1;
}

/** A file without a connector's class, and without several documents, is a worker's. */
async function isWorkerFile(file: string): Promise<boolean> {
  const documents = await readConfigFile(file);
  const names = documents.flatMap(({ entries }) => [...entries.keys()]);
  return documents.length <= 1 && !names.some(name => name === 'connector.class' || name === 'config.connector.class' || name === 'name');
}

/** A worker that has nothing set, for a connector's file on its own. */
async function defaultWorker() {
  const [document] = parseConfigText('worker.yaml', '{}');
  return resolveWorker(document!, process.env, kafkaOptions);
}

function warned(message: string): CheckResult {
  return finding('warning', message);
}

/** What is found without a database. */
function finding(status: CheckResult['status'], message: string, remedy: string | null = null, subject = ''): CheckResult {
  return { subject, status, code: null, option: null, message, remedy };
}

/** Prints findings under a heading; answers how many are faults. */
function report({ out, paint }: Terminal, heading: string, findings: readonly CheckResult[]): number {
  const signs = { ok: paint.green('ok     '), warning: paint.yellow('warning'), fault: paint.red('fault  ') };
  out(`${paint.bold(heading)}\n`);
  for (const { subject, status, message, remedy } of findings) {
    const [first = '', ...more] = `${subject === '' ? '' : `${subject}: `}${message}`.split('\n');
    out(`  ${signs[status]}  ${first}\n${more.map(line => `           ${line}\n`).join('')}`);
    if (remedy !== null && status !== 'ok') out(`           ${paint.dim(remedy)}\n`);
  }
  return findings.filter(({ status }) => status === 'fault').length;
}

async function checkConnector(
  terminal: Terminal,
  connector: ConnectorFile,
  resolving: ConnectorResolving,
  { logging, known, offline }: { readonly logging: Logging; readonly known: readonly KnownConnector[] | null; readonly offline: boolean },
): Promise<number> {
  const { name, config, file, lineOf } = connector;
  const heading = `${name} (${relative('', file)})`;
  try {
    const resolved = await resolveConnector(config, resolving);
    const at = (option: string) => (lineOf(option) === null ? '' : `line ${lineOf(option)}: `);
    const findings: CheckResult[] = [
      ...resolved.faults.map(({ option, message }) => finding('fault', at(option) + message)),
      ...resolved.warnings.map(({ option, message }) => warned(at(option) + message)),
      ...unknownSinks(resolved, known).map(message => finding('fault', at('verify.against') + message, remedyOfSink)),
    ];
    if (findings.length === 0) findings.push(finding('ok', 'valid', null, 'configuration'));
    if (resolved.plan !== null && !offline)
      for (const found of await preflight(resolved.plan, logging)) findings.push(placed(found, lineOf));
    return report(terminal, heading, findings);
  } catch (thrown) {
    const { message, remedy } = toSluiceError(thrown);
    return report(terminal, heading, [finding('fault', message, remedy)]);
  }
}

/** Which of the two each connector is; of one that cannot be read that is not known. */
function kindsOf(connectors: readonly ConnectorFile[], resolving: ConnectorResolving): Promise<readonly KnownConnector[]> {
  return Promise.all(
    connectors.map(async ({ name, config }) => {
      const resolved = await resolveConnector(config, resolving).catch(() => null);
      return { name, type: resolved?.type ?? 'unknown' };
    }),
  );
}

/** What `verify.against` names and the worker's files do not hold. */
function unknownSinks({ plan }: ResolvedConnector, known: readonly KnownConnector[] | null): readonly string[] {
  if (plan === null || known === null) return [];
  const { sources, missing } = againstFaults(plan.name, plan.source?.schedule?.against ?? [], known);
  return [...sources, ...missing];
}

/** With the option that it is about, and its line. */
function placed(found: CheckResult, lineOf: ConnectorFile['lineOf']): CheckResult {
  const { status, option, subject } = found;
  if (status === 'ok' || option === null) return found;
  const line = lineOf(option);
  const parts = [...(line === null ? [] : [`line ${line}`]), option, ...(subject === '' || subject === option ? [] : [subject])];
  return { ...found, subject: parts.join(', ') };
}

/** What the source or sink itself finds: login, rights, slot, tables. */
async function preflight(plan: ConnectorPlan, logging: Logging): Promise<readonly CheckResult[]> {
  const logger = logging.logger('sluice.check');
  await using plugin = plan.createPlugin({ connector: plan.name, task: 0, logger, clock });
  try {
    return await plugin.check(AbortSignal.timeout(preflightMsMax));
  } catch (thrown) {
    const { message, remedy } = toSluiceError(thrown);
    return [finding('fault', message, remedy, 'preflight')];
  }
}
