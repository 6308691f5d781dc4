import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { SluiceError } from '../contract/index.ts';
import { parseJavaProperties } from './java-properties.ts';

/** One config of a file, flat: every name with its text and the line it stands on. */
export type ConfigDocument = {
  readonly file: string;
  /** Texts by flat name, in the file's order. */
  readonly entries: ReadonlyMap<string, string>;
  readonly lines: ReadonlyMap<string, number>;
  /** The line the document begins on. */
  readonly line: number;
};

/** Deepest nesting of a config file; deeper is a mistake, or an attack by aliases. */
const depthMax = 20;

function unreadable(file: string, line: number | null, message: string): SluiceError {
  return new SluiceError('CONFIG_FILE_UNREADABLE', `${file}${line === null ? '' : `:${line}`}: ${message}`);
}

/**
 * Reads a config file: YAML (of one document or several), JSON, or, by its ending, a Java properties file. Nested maps become names with dots,
 * lists are joined by commas, numbers and booleans keep the text they are written with (`1.10` stays `1.10`).
 * Throws SluiceError CONFIG_FILE_UNREADABLE with file and line.
 */
export async function readConfigFile(file: string): Promise<readonly ConfigDocument[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, null, `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
  return parseConfigText(file, text);
}

/** As `readConfigFile`, for a text that is at hand. `file` is named in errors, and its ending tells the format. */
export function parseConfigText(file: string, text: string): readonly ConfigDocument[] {
  if (file.endsWith('.properties')) {
    const properties = parseJavaProperties(text);
    const entries = new Map([...properties].map(([name, { value }]) => [name, value]));
    const lines = new Map([...properties].map(([name, { line }]) => [name, line]));
    return [{ file, entries, lines, line: 1 }];
  }
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter, uniqueKeys: true, maxAliasCount: 100 } as Parameters<
    typeof parseAllDocuments
  >[1]);
  if (!Array.isArray(documents)) return [];
  return documents
    .map(document => {
      const [error] = document.errors;
      if (error) {
        const [message] = error.message.split('\n');
        throw unreadable(file, counter.linePos(error.pos[0]).line, `${message?.replace(/ at line \d+, column \d+:?$/, '')}`);
      }
      const root = document.contents as Node | null;
      const lineOf = (node: unknown): number => {
        const range = (node as Node | null)?.range;
        return range ? counter.linePos(range[0]).line : 1;
      };
      if (root === null || (isScalar(root) && root.value === null)) return null;
      if (!isMap(root)) throw unreadable(file, lineOf(root), 'a config is a map of names to values.');
      const flat = { entries: new Map<string, string>(), lines: new Map<string, number>() };
      flatten(root, '', 0);
      return { file, ...flat, line: lineOf(root) };

      function flatten(node: unknown, path: string, depth: number): void {
        const line = lineOf(node);
        if (depth > depthMax) throw unreadable(file, line, `'${path}' is nested more than ${depthMax} levels deep.`);
        const target = isAlias(node) ? node.resolve(document) : node;
        if (isMap(target)) {
          // A service is switched on by its name alone.
          if (target.items.length === 0 && /^services\.[^.]+$/.test(path)) {
            flat.entries.set(path, '');
            flat.lines.set(path, line);
          }
          for (const pair of target.items) {
            const name = isScalar(pair.key) ? scalarText(pair.key.value, pair.key.source) : null;
            if (name === null || name === '') throw unreadable(file, lineOf(pair.key), `under '${path}' a name is missing.`);
            const child = path === '' ? name : `${path}.${name}`;
            if (!isMap(isAlias(pair.value) ? pair.value.resolve(document) : pair.value)) flat.lines.set(child, lineOf(pair.key));
            flatten(pair.value, child, depth + 1);
          }
          return;
        }
        if (flat.entries.has(path)) throw unreadable(file, line, `'${path}' is given twice.`);
        flat.entries.set(path, isSeq(target) ? target.items.map(item => itemText(item, path)).join(',') : itemText(target, path));
      }

      function itemText(node: unknown, path: string): string {
        const target = isAlias(node) ? node.resolve(document) : node;
        if (!isScalar(target)) throw unreadable(file, lineOf(node), `'${path}' is a list, whose items must be plain values.`);
        if (target.value === null || target.value === undefined)
          throw unreadable(file, flat.lines.get(path) ?? lineOf(node), `'${path}' has no value; write '' for an empty text, or remove it.`);
        return scalarText(target.value, target.source);
      }
    })
    .filter(document => document !== null);
}

/** Numbers and booleans as they are written, everything else as it is read. */
function scalarText(value: unknown, source: string | undefined): string {
  if (typeof value === 'string') return value;
  return source ?? String(value);
}
