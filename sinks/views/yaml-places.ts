import type { LineCounter, Node } from 'yaml';
import type { Place, PlacedText } from './definition.ts';

/** Where nodes, and the lines of the texts in them, stand in a YAML file. */
export class YamlPlaces {
  readonly #text: string;
  readonly #lines: LineCounter;

  constructor(text: string, lines: LineCounter) {
    this.#text = text;
    this.#lines = lines;
  }

  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  of(node: Node): Place {
    return this.at(node.range?.[0] ?? 0);
  }

  /** A scalar's text with the places of its characters. A folded or quoted text of several lines is placed by its beginning. */
  text(node: Node, text: string): PlacedText {
    const start = node.range?.[0] ?? 0;
    const first = this.at(start);
    const marker = this.#text[start];
    if (marker === '|') return { text, placeOf: offset => this.#inBlock(first.line, text, offset) };
    const quote = marker === '"' || marker === "'" ? 1 : 0;
    const oneLine = !this.#text.slice(start, node.range?.[1] ?? start).includes('\n');
    return { text, placeOf: offset => ({ line: first.line, column: first.column + (oneLine && marker !== '>' ? quote + offset : 0) }) };
  }

  /** A literal block: its lines are those below the bar, without their indentation. */
  #inBlock(barLine: number, text: string, offset: number): Place {
    const before = text.slice(0, offset).split('\n');
    const line = barLine + before.length;
    const raw = this.#text.split('\n')[line - 1] ?? '';
    const shown = text.split('\n')[before.length - 1] ?? '';
    const indentation = shown === '' ? 0 : Math.max(0, raw.indexOf(shown));
    return { line, column: indentation + before.at(-1)!.length + 1 };
  }
}
