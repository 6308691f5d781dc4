import { type Change, type SinkRecord, SluiceError } from '../../src/contract/index.ts';
import { companionKey } from './cluster-slot.ts';
import type { RedisSettings } from './options.ts';
import { filledKey, noTemplate, templateError } from './record-keys.ts';
import { type Cell, cellsAsMembers, hashCells, jsonCells, jsonMembers, splitMembers } from './row-text.ts';

/** What a key shall hold. `members`: a whole row of JSON; `cells`: a hash, or a row with columns that the database did not send. */
export type Content =
  | { readonly kind: 'drop' }
  | { readonly kind: 'members'; readonly members: string }
  | { readonly kind: 'cells'; readonly cells: readonly Cell[] };

/** The newest that a batch has to say of a key. */
export type PendingRow = {
  readonly key: string;
  readonly marker: string;
  readonly version: bigint;
  readonly content: Content;
  readonly topic: string;
  /** The records that it is made of, by their index in the batch: they fail together. */
  readonly indices: readonly number[];
};

/** The one key of a record. Throws RECORD_REFUSED where it has none, or where the template has a field that is not of the record's key. */
function keyOf(change: Change, record: SinkRecord, settings: RedisSettings): string {
  const template = settings.keysOf(record.topic)[0];
  if (template === undefined) throw noTemplate(record.topic);
  for (const part of template.parts) {
    if (part.kind !== 'field' || change.key?.fields.has(part.name)) continue;
    throw templateError(
      template,
      record,
      `'${part.name}' is not a field of its key, and only records of one key have an order`,
      'Make it part of the key (message.key.columns at the source), or evict.',
    );
  }
  const filled = filledKey(template, 'before', { ...change, before: null, after: null }, record);
  if (filled !== null && 'text' in filled) return filled.text;
  throw templateError(template, record, 'a field of its key is null');
}

function contentOf(change: Change, record: SinkRecord, settings: RedisSettings): Content {
  if (change.kind === 'truncate')
    throw new SluiceError('RECORD_REFUSED', `${record.topic} was truncated, and truncate.enabled is false.`, {
      remedy: 'Set truncate.enabled=true, or delete the keys by hand and skip such records at the source (skipped.operations=t).',
    });
  const { after, missing } = change;
  if (change.kind === 'delete' || after === null) return { kind: 'drop' };
  if (after.fields.has(settings.versionField))
    throw new SluiceError('RECORD_REFUSED', `A row of ${record.topic} has a column of the name that the version is kept in.`, {
      remedy: 'Set redis.version.field to another name.',
    });
  if (settings.hash) return { kind: 'cells', cells: hashCells(after, missing) };
  if (missing.length > 0) return { kind: 'cells', cells: jsonCells(after, missing) };
  return { kind: 'members', members: jsonMembers(after) };
}

/** Whether a column's text is still to be had from what is stored. */
export function isPartial(content: Content): boolean {
  return content.kind === 'cells' && content.cells.some(([, text]) => text === undefined);
}

/**
 * Content with the columns that it lacks taken from what was there before; the same content where that has nothing to take from. `hash`:
 * a column that is not there before is a null, which a hash does not show.
 */
export function filledFrom(content: Content, former: Content, hash: boolean): Content {
  if (content.kind !== 'cells' || former.kind === 'drop') return content;
  const known: ReadonlyMap<string, string | null | undefined> | null =
    former.kind === 'cells' ? new Map(former.cells) : splitMembers(`{${former.members}}`);
  if (known === null) return content;
  const absent = hash ? null : undefined;
  const cells = content.cells.map(([name, text]): Cell => [name, text === undefined ? (known.has(name) ? known.get(name) : absent) : text]);
  if (hash || cells.some(([, text]) => text === undefined)) return { kind: 'cells', cells };
  return { kind: 'members', members: cellsAsMembers(cells) };
}

/** Refuses a row of which columns are nowhere to be had. */
export function incompleteRow(topic: string): SluiceError {
  return new SluiceError(
    'RECORD_REFUSED',
    `The database did not send all columns of a row of ${topic}, and there is no earlier row to take them from.`,
    {
      remedy:
        'Have the database send whole rows (REPLICA IDENTITY FULL, or a full row image), replay the topic from the start, or set redis.on.incomplete=evict.',
    },
  );
}

/** The rows of a batch, one a key: what came last by version, with columns that it lacks filled from what came before it in the batch. */
export class PendingRows {
  readonly #settings: RedisSettings;
  readonly #rows = new Map<string, PendingRow>();

  constructor(settings: RedisSettings) {
    this.#settings = settings;
  }

  /** Takes a record in. Throws RECORD_REFUSED. */
  add(change: Change, record: SinkRecord, index: number): void {
    const key = keyOf(change, record, this.#settings);
    const content = contentOf(change, record, this.#settings);
    const former = this.#rows.get(key);
    if (former === undefined) {
      const marker = companionKey(this.#settings.markerPrefix, key);
      if (marker === null)
        throw new SluiceError(
          'RECORD_REFUSED',
          `A key of ${record.topic} is empty or has a closing brace without an opening one, so that no marker can lie beside it.`,
          {
            remedy: 'Put a part of the template that has no such values in doubled braces, as Redis’ hash tag: {{user}}:{name}.',
          },
        );
      this.#rows.set(key, { key, marker, version: record.version, content, topic: record.topic, indices: [index] });
    } else if (record.version > former.version) {
      const filled = isPartial(content) ? this.#filled(content, former, record) : content;
      const indices = [...former.indices, index];
      this.#rows.set(key, { ...former, version: record.version, content: filled, topic: record.topic, indices });
    }
  }

  #filled(content: Content, former: PendingRow, record: SinkRecord): Content {
    if (former.content.kind !== 'drop') return filledFrom(content, former.content, this.#settings.hash);
    // Behind a delete there is nothing to take columns from; what the server still has is of the row before.
    if (this.#settings.onIncomplete === 'evict') return former.content;
    throw incompleteRow(record.topic);
  }

  values(): readonly PendingRow[] {
    return [...this.#rows.values()];
  }
}
