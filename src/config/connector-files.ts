import { glob } from 'node:fs/promises';
import { type RawConfig, SluiceError } from '../contract/index.ts';
import { type ConfigDocument, readConfigFile } from './document.ts';

/** A connector as a file describes it, placeholders as they stand. */
export type ConnectorFile = {
  readonly name: string;
  readonly config: RawConfig;
  readonly targetState: 'STARTED' | 'PAUSED' | 'STOPPED';
  readonly file: string;
  /** The line an option stands on; null for one that the file does not hold. */
  lineOf(option: string): number | null;
};

const initialStates = { running: 'STARTED', paused: 'PAUSED', stopped: 'STOPPED' } as const;

/** The most connector files one worker reads. */
const filesMax = 1000;

/**
 * The connector files that paths and patterns name, sorted, each once. A path without pattern must exist.
 * Throws SluiceError CONFIG_FILE_UNREADABLE.
 */
export async function findConnectorFiles(patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    if (!/[*?[{]/.test(pattern)) found.add(pattern);
    else for await (const file of glob(pattern)) found.add(file);
    if (found.size > filesMax)
      throw new SluiceError('CONFIG_FILE_UNREADABLE', `'${pattern}' matches more than ${filesMax} connector files.`);
  }
  return [...found].sort();
}

/**
 * Reads the connectors of a file: `{name, config}`, where `initial_state` may stand too, or the bare map with `name` in it; several in a YAML
 * file of several documents. Throws SluiceError CONFIG_FILE_UNREADABLE, with file and line.
 */
export async function readConnectorFile(file: string): Promise<readonly ConnectorFile[]> {
  const connectors = (await readConfigFile(file)).map(connectorOf);
  if (connectors.length === 0) throw new SluiceError('CONFIG_FILE_UNREADABLE', `${file}: the file holds no connector.`);
  for (const [index, { name, lineOf }] of connectors.entries())
    if (connectors.findIndex(other => other.name === name) !== index)
      throw new SluiceError('CONFIG_FILE_UNREADABLE', `${file}:${lineOf('name') ?? 1}: the connector '${name}' is there twice.`);
  return connectors;
}

/** Connector files as far as they can be read, with what is wrong with the others. */
export type ReadConnectorFiles = {
  readonly connectors: readonly ConnectorFile[];
  readonly faults: readonly { readonly file: string; readonly message: string }[];
};

/** The connectors of all files that can be read. Of two files that hold a connector of the same name the second one is at fault. Rejects only where the files cannot be listed. */
export async function readableConnectorFiles(patterns: readonly string[]): Promise<ReadConnectorFiles> {
  const connectors: ConnectorFile[] = [];
  const faults: { file: string; message: string }[] = [];
  for (const file of await findConnectorFiles(patterns)) {
    try {
      const held = await readConnectorFile(file);
      const double = held.find(({ name }) => connectors.some(other => other.name === name));
      if (double) {
        const first = connectors.find(({ name }) => name === double.name)!.file;
        throw new SluiceError('CONFIG_FILE_UNREADABLE', `The connector '${double.name}' is in ${first} and in ${file}.`);
      }
      connectors.push(...held);
    } catch (error) {
      faults.push({ file, message: (error as Error).message });
    }
  }
  return { connectors, faults };
}

function connectorOf(document: ConfigDocument): ConnectorFile {
  const { file, entries, lines } = document;
  const fault = (option: string | null, message: string) => {
    const line = (option === null ? undefined : lines.get(option)) ?? document.line;
    return new SluiceError('CONFIG_FILE_UNREADABLE', `${file}:${line}: ${message}`);
  };
  const wrapped = !entries.has('connector.class') && [...entries.keys()].some(name => name.startsWith('config.'));
  const prefix = wrapped ? 'config.' : '';
  const config: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (wrapped && !name.startsWith('config.')) {
      if (name !== 'name' && name !== 'initial_state')
        throw fault(name, `'${name}' stands beside 'config'; only 'name' and 'initial_state' may.`);
    } else config[name.slice(prefix.length)] = text;
  }
  const name = (wrapped ? entries.get('name') : undefined) ?? config['name'];
  if (name === undefined || name.trim() === '') throw fault(null, `the connector has no 'name'.`);
  if (config['name'] !== undefined && config['name'] !== name)
    throw fault(`${prefix}name`, `'name' in the config (${config['name']}) is not the connector's name (${name}).`);
  if (config['connector.class'] === undefined) throw fault(null, `the connector '${name}' has no 'connector.class'.`);
  const state = (wrapped ? entries.get('initial_state') : undefined) ?? 'running';
  const targetState = initialStates[state.toLowerCase() as keyof typeof initialStates];
  if (targetState === undefined) throw fault('initial_state', `'${state}' is no state; use running, paused or stopped.`);
  return {
    name: name.trim(),
    config: { ...config, name: name.trim() },
    targetState,
    file,
    lineOf: option => lines.get(prefix + option) ?? (option === 'name' ? (lines.get('name') ?? null) : null),
  };
}
