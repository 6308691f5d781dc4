import { dirname, resolve } from 'node:path';
import { findConnectorFiles } from '../config/connector-files.ts';
import type { SagasConfig } from '../config/services/saga-options.ts';
import type { ServiceConfig } from '../config/services/service-options.ts';
import { SluiceError } from '../contract/index.ts';
import { logSagaStore } from '../services/sagas/runtime/log-saga-store.ts';
import type { SagaStore } from '../services/sagas/runtime/saga-store.ts';
import type { PublishedTopics } from '../services/sagas/runtime/saga-topics.ts';
import { SagasService } from '../services/sagas/runtime/sagas-service.ts';
import type { PinnedDefinition } from '../services/sagas/saga.ts';
import { readSagaFile } from './saga-file.ts';
import { connectionOf, databaseOf } from './service-database.ts';

/** Reads the definitions of these files or patterns; with `knownTopics` they may name no others. Throws SluiceError SAGA_INVALID, CONFIG_FILE_UNREADABLE, and CONFIG_INVALID where a name comes twice. */
export async function readSagas(
  patterns: readonly string[],
  knownTopics: readonly string[] | null = null,
): Promise<readonly PinnedDefinition[]> {
  const files = await findConnectorFiles(patterns);
  if (files.length === 0)
    throw new SluiceError('CONFIG_INVALID', `services.sagas: No file fits definitions (${patterns.join(', ')}).`, {
      remedy: 'Correct services.sagas.definitions, which is relative to the worker file.',
    });
  const byName = new Map<string, string>();
  const found: PinnedDefinition[] = [];
  for (const file of files) {
    const pinned = await readSagaFile(file, { knownTopics });
    const { name } = pinned.definition;
    const other = byName.get(name);
    if (other !== undefined) throw new SluiceError('CONFIG_INVALID', `The saga '${name}' is in ${other} and in ${file}.`);
    byName.set(name, file);
    found.push(pinned);
  }
  return found;
}

/** The definitions' files or patterns, relative to the worker's file. */
export function sagaFiles({ definitions }: SagasConfig, workerFile: string): readonly string[] {
  return definitions.map(pattern => resolve(dirname(resolve(workerFile)), pattern));
}

/** The sagas of a worker as a service: nothing is open. `publishedTopics`: those that others of the worker publish to. */
export async function sagasOfWorker(
  sagas: ServiceConfig<SagasConfig>,
  workerFile: string,
  publishedTopics: PublishedTopics = () => null,
): Promise<SagasService> {
  const { config } = sagas;
  const patterns = sagaFiles(config, workerFile);
  return new SagasService({
    store: await storeOf(sagas),
    definitions: knownTopics => readSagas(patterns, knownTopics),
    topicsMustExist: config['topics.must.exist'],
    startFrom: config['start.from'],
    endedRetentionMs: config['ended.retention.ms'],
    endedMax: config['ended.instances.max'],
    publishedTopics,
  });
}

async function storeOf({ config, raw }: ServiceConfig<SagasConfig>): Promise<SagaStore> {
  if (config.store === 'log') return logSagaStore;
  const { postgresSagaStore } = await import('../services/sagas/postgres/postgres-saga-store.ts');
  return postgresSagaStore({
    connection: () => connectionOf('sagas', config),
    database: databaseOf(config, raw),
    schema: config['database.schema'],
  });
}
