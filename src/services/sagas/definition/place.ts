import { type JsonValue, SluiceError } from '../../../contract/index.ts';

/** Names and indexes that lead to a value of a document. */
export type Place = readonly (string | number)[];

/** A document that was parsed, and where its values stand in the file. */
export type PlacedDocument = {
  readonly value: JsonValue;
  /** The line of what a place leads to, or of the nearest thing around it, from 1. null: the document has no lines. */
  lineOf(place: Place): number | null;
};

/** `steps[1].compensation.topic`. */
export function placeText(place: Place): string {
  return place.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

type Fault = { readonly place: Place; readonly message: string };

/** What is wrong with a document, gathered so that all of it is told at once. */
export class Faults {
  readonly #found: Fault[] = [];

  add(place: Place, message: string): void {
    this.#found.push({ place, message });
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** One line a fault, in the order of the file: `file:line: place: message`. */
  error(file: string, document: PlacedDocument): SluiceError {
    const lines = this.#found
      .map(({ place, message }) => ({
        line: document.lineOf(place),
        text: `${place.length === 0 ? '' : `${placeText(place)}: `}${message}`,
      }))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
      .map(({ line, text }) => `${file}${line === null ? '' : `:${line}`}: ${text}`);
    return new SluiceError('SAGA_INVALID', lines.join('\n'));
  }
}
