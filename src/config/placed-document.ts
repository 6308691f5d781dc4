import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';
import { type JsonValue, SluiceError } from '../contract/index.ts';

/** A document as a tree, which knows where its values stand. */
export type PlacedConfig = {
  readonly value: JsonValue;
  /** The line of what names and indexes lead to, or of the nearest thing around it, from 1. */
  lineOf(place: readonly (string | number)[]): number;
};

/** Aliases that one document may resolve, so that a small file cannot become a large one. */
const aliasesMax = 100;

function unreadable(file: string, line: number | null, message: string): SluiceError {
  return new SluiceError('CONFIG_FILE_UNREADABLE', `${file}${line === null ? '' : `:${line}`}: ${message}`);
}

/** Reads a file of one document, YAML or JSON, as the tree it is. Throws SluiceError CONFIG_FILE_UNREADABLE with file and line. */
export async function readPlacedDocument(file: string): Promise<PlacedConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, null, `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
  return parsePlacedDocument(file, text);
}

/** As `readPlacedDocument`, for a text that is at hand. */
export function parsePlacedDocument(file: string, text: string): PlacedConfig {
  const counter = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: counter, uniqueKeys: true });
  const documents = Array.isArray(parsed) ? parsed : [];
  for (const { errors } of documents)
    for (const error of errors) {
      const [message] = error.message.split('\n');
      throw unreadable(file, counter.linePos(error.pos[0]).line, `${message?.replace(/ at line \d+, column \d+:?$/, '')}`);
    }
  const [document, second] = documents;
  if (document === undefined) return { value: null, lineOf: () => 1 };
  if (second !== undefined) throw unreadable(file, lineAt(second.range[0]), 'the file holds a second document; give it a file of its own.');
  let value: JsonValue;
  try {
    value = document.toJS({ maxAliasCount: aliasesMax }) as JsonValue;
  } catch (error) {
    throw unreadable(file, null, (error as Error).message);
  }
  return { value, lineOf: place => lineOf(document.contents as Node | null, place) };

  function lineAt(offset: number): number {
    return counter.linePos(offset).line;
  }

  function lineOf(root: Node | null, place: readonly (string | number)[]): number {
    let node: Node | null = root;
    let line = root?.range ? lineAt(root.range[0]) : 1;
    for (const part of place) {
      const target: unknown = isAlias(node) ? node.resolve(document!) : node;
      if (isMap(target)) {
        const pair = (target.items as Pair<Node, Node | null>[]).find(({ key }) => isScalar(key) && String(key.value) === part);
        if (pair === undefined) break;
        if (pair.key.range) line = lineAt(pair.key.range[0]);
        node = pair.value;
      } else if (isSeq(target)) {
        const item = target.items[Number(part)] as Node | undefined;
        if (item === undefined) break;
        if (item.range) line = lineAt(item.range[0]);
        node = item;
      } else break;
    }
    return line;
  }
}
