import {
  type ConnectorStore,
  type Logger,
  type RawConfig,
  SluiceError,
  type StoredConnector,
  type TargetState,
} from '../../contract/index.ts';
import { managedByFile, managedByWorker } from '../connector/connector-options.ts';

/** A connector that a file of the worker holds. */
export type FileConnector = { readonly name: string; readonly config: RawConfig; readonly targetState: TargetState; readonly file: string };

/** What stands in the stored config of a connector that a file holds; `sharing`: as for `loadConnectors`. */
export function fileMarks(file: string, sharing: string | null): RawConfig {
  return { [managedByFile]: file, ...(sharing !== null && { [managedByWorker]: sharing }) };
}

/** Throws CONFLICT for a connector that a file holds, of a worker that is there: the next start would undo what is changed of it. */
export function refuseHeld(
  { name, file, fileWorker }: { readonly name: string; readonly file: string | null; readonly fileWorker: string | null },
  isThere: (worker: string) => boolean,
): void {
  if (file === null || (fileWorker !== null && !isThere(fileWorker))) return;
  throw new SluiceError(
    'CONFLICT',
    `Connector ${name} is held by the worker's file ${file}: change it there, then run sluice apply or restart the worker.`,
  );
}

/**
 * What a worker starts with: the stored connectors and those of its files, which the store is brought up to. A file wins over a connector of
 * its name that REST made; a connector whose file is gone goes with it. Target states stay as they were stored, so that a connector
 * that was paused stays paused. `sharing` is this worker's id where others share the connectors: it removes only what its own files held.
 */
export async function loadConnectors(
  store: ConnectorStore,
  files: readonly FileConnector[],
  logger: Logger,
  sharing: string | null = null,
): Promise<readonly StoredConnector[]> {
  const stored = new Map((await store.list()).map(connector => [connector.name, connector]));
  for (const { name, config } of stored.values()) {
    const file = config[managedByFile];
    if (file === undefined || files.some(other => other.name === name)) continue;
    if (sharing !== null && (config[managedByWorker] ?? sharing) !== sharing) continue;
    logger.warn({ connector: name, file }, `Connector ${name} is removed: it came from a file that no longer holds it. Its offsets stay.`);
    await store.remove(name);
    stored.delete(name);
  }
  for (const { name, config, targetState, file } of files) {
    const before = stored.get(name);
    const marked = { ...config, ...fileMarks(file, sharing) };
    if (before !== undefined && before.config[managedByFile] === undefined)
      logger.warn({ connector: name, file }, `Connector ${name} was made by REST and is now held by ${file}.`);
    if (before === undefined) await store.putConfig(name, marked, targetState);
    else if (JSON.stringify(before.config) !== JSON.stringify(marked)) await store.putConfig(name, marked);
    stored.set(name, { name, config: marked, targetState: before?.targetState ?? targetState });
  }
  return [...stored.values()];
}
