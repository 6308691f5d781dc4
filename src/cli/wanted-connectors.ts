import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectorFile, readConnectorFile } from '../config/connector-files.ts';
import { SluiceError } from '../contract/index.ts';

/** What a connector's file may end in. */
const endings = /\.(?:ya?ml|json|properties)$/;
const stateNames = { STARTED: 'RUNNING', PAUSED: 'PAUSED', STOPPED: 'STOPPED' } as const;

/** Connectors as `POST /sluice/plan` takes them. */
export type WantedBody = { readonly name: string; readonly config: Readonly<Record<string, string>>; readonly initial_state: string };

/** The connectors of a file, or of all files of a folder. Throws CONFIG_FILE_UNREADABLE. */
export async function wantedConnectors(path: string): Promise<readonly (WantedBody & { readonly file: string })[]> {
  const files = await filesOf(path);
  const found: ConnectorFile[] = [];
  for (const file of files) {
    for (const connector of await readConnectorFile(file)) {
      const other = found.find(({ name }) => name === connector.name);
      if (other) throw new SluiceError('CONFIG_FILE_UNREADABLE', `The connector '${connector.name}' is in ${other.file} and in ${file}.`);
      found.push(connector);
    }
  }
  return found.map(({ name, config, targetState, file }) => ({ name, config, initial_state: stateNames[targetState], file }));
}

async function filesOf(path: string): Promise<readonly string[]> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path)).filter(name => endings.test(name)).sort();
  if (names.length === 0)
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${path}: the folder holds no connector file (.yaml, .yml, .json).`);
  return names.map(name => join(path, name));
}
