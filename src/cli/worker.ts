import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectorFile, findConnectorFiles, readableConnectorFiles, readConnectorFile } from '../config/connector-files.ts';
import { FileWatch } from '../config/file-watch.ts';
import { resolvePlaceholders } from '../config/placeholders.ts';
import type { WorkerConfig } from '../config/worker-file.ts';
import { type Clock, type EventLog, SluiceError } from '../contract/index.ts';
import { ConnectorChanges } from '../engine/changes/connector-changes.ts';
import type { ConnectorResolving } from '../engine/connector/connector-plan.ts';
import { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { Pause } from '../engine/supervisor/supervisor-back-off.ts';
import { runTask } from '../engine/task.ts';
import type { Logging } from '../observe/logging.ts';
import { RestServer } from '../rest/server.ts';
import { serviceConnectors } from '../services/hosting/service-connectors.ts';
import { ServiceHost } from '../services/hosting/service-host.ts';
import { commit, version } from '../version.ts';
import { consumerOverrideCheck, openLog, overrideCheck } from './event-log.ts';
import { openPatiently } from './log-opening.ts';
import { openDoors, restAccess } from './rest-access.ts';
import { servicesOf, type WorkerServices } from './services.ts';

/** The real time. */
export const clock: Clock = {
  nowMs: () => Date.now(),
  nowNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
};

const pause: Pause = async (delayMs, abort) => {
  await delay(delayMs, undefined, { signal: abort }).catch(() => {});
};

/** A worker that runs. Stopping it ends its tasks cleanly, then REST and the log. */
export type RunningWorker = {
  readonly supervisor: Supervisor;
  /** Where REST is. */
  readonly url: string;
  /** Resolves when connectors are loaded and started; rejects where the log cannot be opened. */
  readonly ready: Promise<void>;
  readonly connectorFiles: readonly ConnectorFile[];
  stop(): Promise<void>;
};

/** What resolving connectors needs, from a worker's config. `services`: where they are made already. */
export async function connectorResolving(config: WorkerConfig, logging: Logging, services?: WorkerServices): Promise<ConnectorResolving> {
  const { registry } = services ?? (await servicesOf(config));
  return {
    registry,
    placeholders: raw => resolvePlaceholders(raw, config.providers),
    context: connector => ({ connector, task: 0, logger: logging.logger(`sluice.connector.${connector}`, { connector }), clock }),
    defaults: {
      converters: config.converters,
      topicCreation: config.topicCreation,
      exactlyOnce: config.exactlyOnce,
      overridePolicy: config.overridePolicy,
      checkOverrides: await overrideCheck(config),
      checkConsumerOverrides: await consumerOverrideCheck(config),
    },
  };
}

/** The connectors that a worker's files hold. Throws SluiceError CONFIG_FILE_UNREADABLE. */
export async function readConnectors(config: WorkerConfig): Promise<readonly ConnectorFile[]> {
  const files = await findConnectorFiles(config.connectorPatterns);
  const connectors = (await Promise.all(files.map(readConnectorFile))).flat();
  for (const [index, { name, file }] of connectors.entries()) {
    const other = connectors.findIndex(connector => connector.name === name);
    if (other !== index)
      throw new SluiceError('CONFIG_FILE_UNREADABLE', `The connector '${name}' is in ${connectors[other]!.file} and in ${file}.`);
  }
  return connectors;
}

/** Throws SluiceError CONFIG_INVALID for a connector file that takes the name of a service's own connector. */
function refuseReserved(name: string, files: readonly ConnectorFile[]): void {
  const taken = files.find(file => file.name === name);
  if (taken === undefined) return;
  throw new SluiceError(
    'CONFIG_INVALID',
    `${taken.file}: the connector's name '${name}' is that of a connector of the worker's services.`,
    {
      remedy: 'Give it another name.',
    },
  );
}

/**
 * Starts a worker: REST first, so that it answers while the rest comes up; then the log, then the connectors. Resolves when REST
 * listens. The log is waited for: see `openPatiently`.
 */
export async function startWorker(config: WorkerConfig, logging: Logging): Promise<RunningWorker> {
  const logger = logging.logger('sluice.worker');
  const stopping = new AbortController();
  const connectorFiles = await readConnectors(config);
  const hosted = await servicesOf(config);
  for (const { name } of hosted.connectors) refuseReserved(name, connectorFiles);
  const resolving = await connectorResolving(config, logging, hosted);
  let startup = 'The worker is opening the log.';
  let standingBy = false;
  let log: EventLog | null = null;
  const supervisor = new Supervisor({
    ...resolving,
    runTask,
    pause,
    random: Math.random,
    clock,
    logger: logging.logger('sluice.engine'),
    connectorLogger: connector => logging.logger(`sluice.connector.${connector}`, { connector }),
    workerId: () => rest.workerId,
    taskStopMsMax: config.taskStopMsMax,
    lookEveryMs: config.metrics.lookEveryMs,
  });
  const host = new ServiceHost({
    services: hosted.services,
    logger: service => logging.logger(`sluice.service.${service}`, { service }),
    clock,
    pause,
    random: Math.random,
    workerId: () => rest.workerId,
    connectors: serviceConnectors(supervisor),
  });
  const changes = new ConnectorChanges({
    supervisor,
    resolving,
    log() {
      if (log === null) throw new SluiceError('UNAVAILABLE', 'Worker is still starting up.');
      return log;
    },
    async readFiles() {
      const { connectors, faults } = await readableConnectorFiles(config.connectorPatterns);
      return { connectors: [...connectors, ...hosted.connectors], faults };
    },
    logger: logging.logger('sluice.worker'),
    pause,
    stopping: stopping.signal,
  });
  let watch: FileWatch | null = null;
  const { topicTracking, topicTrackingReset } = config;
  const rest = new RestServer({
    supervisor,
    changes,
    levels: logging.levels,
    logger: logging.logger('sluice.rest'),
    ...restAccess(config, logging),
    topicTracking,
    topicTrackingReset,
    version,
    commit,
    startup: () => startup,
    debeziumNames: config.metrics.debeziumNames,
    services: { host, metrics: hosted.services.flatMap(({ metrics }) => metrics), eventStore: hosted.eventStore, sagas: hosted.sagas },
    whenReady: async waitMsMax => {
      if (standingBy) throw new SluiceError('UNAVAILABLE', `Worker is not the owner of its log. ${startup}`);
      const timeout = new AbortController();
      const late = pause(waitMsMax, timeout.signal).then(() => {
        if (!timeout.signal.aborted) throw new SluiceError('UNAVAILABLE', `Worker is still starting up. ${startup}`);
      });
      await Promise.race([ready, late]).finally(() => timeout.abort());
      await late;
    },
  });
  await rest.listen();
  logger.info({ url: rest.url }, `REST listens on ${rest.url}`);
  for (const warning of openDoors(config)) logger.warn({}, warning);
  const ready = start();
  ready.catch(() => {});

  async function start(): Promise<void> {
    log = await openPatiently(
      {
        open: () => openLog(config, logging.logger('sluice.log'), { id: rest.workerId, url: rest.url }, stopping.signal),
        standby: config.standby,
        logger,
        pause,
        random: Math.random,
        tell: (text, waits) => {
          startup = text;
          standingBy = waits;
        },
      },
      stopping.signal,
    );
    standingBy = false;
    startup = 'The worker is loading the connectors.';
    await supervisor.start(log, [...connectorFiles, ...hosted.connectors]);
    host.start(log);
    if (config.connectorsWatched) watch = watchFiles();
    logger.info(
      { log: log.kind, connectors: supervisor.names().length },
      `The worker is ready: ${log.kind} log, ${supervisor.names().length} connectors`,
    );
  }

  function watchFiles(): FileWatch {
    const watching = new FileWatch({
      patterns: config.connectorPatterns,
      onChange: () => void changes.follow(),
      onFault: (folder, message) =>
        logger.warn({ folder }, `${folder} cannot be watched for connector files; it is tried again. ${message}`),
    });
    // What changed between the reading at the start and now.
    void changes.follow();
    return watching;
  }

  return {
    supervisor,
    url: rest.url,
    ready,
    connectorFiles,
    async stop() {
      stopping.abort();
      watch?.[Symbol.dispose]();
      await ready.catch(() => {});
      await supervisor.stop();
      await host.stop();
      await rest.close(500);
      await log?.[Symbol.asyncDispose]();
      logger.info({}, 'The worker has stopped.');
    },
  };
}
