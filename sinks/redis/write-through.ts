import { Cluster } from 'ioredis';
import { type SinkRecord, SluiceError, toSluiceError } from '../../src/contract/index.ts';
import { clusterSlot } from './cluster-slot.ts';
import { type Command, type Outcome, type Session, scriptCommand, send } from './commands.ts';
import { eachChange, type Failures, type WriteMode } from './mode.ts';
import type { RedisSettings } from './options.ts';
import { filledFrom, incompleteRow, isPartial, type PendingRow, PendingRows } from './pending-rows.ts';
import { hashScript, stringScript, verdicts } from './scripts.ts';
import { isTruncation, truncateRows } from './truncation.ts';

/** Rows of one run of a script, and their bytes: a run keeps the server from others, so it is short. */
const scriptRowsMax = 64;
const scriptBytesMax = 128 * 1024;
/** How often a row that lacks columns is read and merged anew because it changed in between, before the batch is given back. */
const mergesMax = 5;

/** Records that are made ready while those before them are written. */
const sliceRecords = 500;

/** A row as the script gets it. */
type Entry = { readonly row: PendingRow; readonly args: readonly string[]; readonly bytes: number };

/**
 * Keeps each row under its key: a write takes effect only where it is newer than what is there, by the engine's version (invariant 4).
 * What a key holds and its version are one value, so that neither can be evicted without the other.
 */
export function writeThroughMode(settings: RedisSettings): WriteMode {
  const writer = new RowWriter(settings);
  async function writeSlice(records: readonly SinkRecord[], first: number, session: Session, before: Promise<Failures>): Promise<Failures> {
    const failed: { index: number; error: SluiceError }[] = [];
    const rows = new PendingRows(settings);
    eachChange(records, settings.unavailable, failed, (change, record, index) => rows.add(change, record, index));
    let left = rows.values();
    // Whole rows may come to the server in any order, since versions decide; columns are taken from the row just before.
    if (left.some(({ content }) => isPartial(content))) await before;
    for (let merges = 1; left.length > 0; merges++) {
      const result = await writer.write(session, left);
      for (const { row, reason } of result.refused) for (const index of row.indices) failed.push({ index, error: refusal(row, reason) });
      left = result.changed;
      if (left.length > 0 && merges === mergesMax) {
        throw new SluiceError(
          'TARGET_UNAVAILABLE',
          `Keys of ${left[0]!.topic} changed in Redis while each of ${merges} merges with them was under way.`,
        );
      }
    }
    return failed.map(({ index, error }) => ({ index: first + index, error }));
  }
  async function writeRows(records: readonly SinkRecord[], from: number, session: Session): Promise<Failures> {
    const failed: Failures[] = [];
    // The server works on one slice while the next is made. One connection keeps their order.
    let before: Promise<Failures> = Promise.resolve([]);
    for (let first = 0; first < records.length; first += sliceRecords) {
      const slice = writeSlice(records.slice(first, first + sliceRecords), from + first, session, before);
      // Where the one before fails, nobody asks for this one any more.
      slice.catch(() => undefined);
      failed.push(await before);
      before = slice;
    }
    return [...failed, await before].flat();
  }
  return async (records, session, partitions) => {
    const half = { ...session, batchBytesMax: session.batchBytesMax / 2 };
    if (!settings.truncates) return writeRows(records, 0, half);
    const failed: { index: number; error: SluiceError }[] = [];
    let from = 0;
    for (const [index, record] of records.entries()) {
      if (!isTruncation(record)) continue;
      // What lies before it is there when its keys are looked for.
      failed.push(...(await writeRows(records.slice(from, index), from, half)));
      await truncateRows(record, settings, session, partitions).catch(thrown => {
        const error = toSluiceError(thrown);
        if (error.retry !== 'record') throw error;
        failed.push({ index, error });
      });
      from = index + 1;
    }
    return [...failed, ...(await writeRows(records.slice(from), from, half))];
  };
}

type Refusal = 'wrong type' | 'incomplete';

function refusal({ topic }: PendingRow, reason: Refusal): SluiceError {
  if (reason === 'wrong type') {
    return new SluiceError('RECORD_REFUSED', `The key of a record of ${topic} holds a value of another type in Redis.`, {
      remedy: 'Delete that key, or take a template that nobody else uses.',
    });
  }
  return incompleteRow(topic);
}

class RowWriter {
  readonly #settings: RedisSettings;
  readonly #head: string;

  constructor(settings: RedisSettings) {
    this.#settings = settings;
    this.#head = `{${JSON.stringify(settings.versionField)}:"`;
  }

  /** One attempt. `changed`: rows to be merged with what is there by now. */
  async write(
    session: Session,
    rows: readonly PendingRow[],
  ): Promise<{ readonly refused: readonly { row: PendingRow; reason: Refusal }[]; readonly changed: readonly PendingRow[] }> {
    const refused: { row: PendingRow; reason: Refusal }[] = [];
    const changed: PendingRow[] = [];
    const entries: Entry[] = [];
    const partial: PendingRow[] = [];
    for (const row of rows) {
      if (this.#settings.hash) entries.push(entryOf(row, this.#hashArgs(row)));
      else if (isPartial(row.content)) partial.push(row);
      else entries.push(entryOf(row, [String(row.version), '', this.#text(row)]));
    }
    const merged = await this.#merged(session, partial, refused);
    const runs = this.#runs([...entries, ...merged], session);
    const outcomes = await send(
      session,
      runs.map(({ command }) => command),
    );
    for (const [at, { entries: written }] of runs.entries()) {
      const letters = letterOf(outcomes[at]!, written.length);
      for (const [index, { row }] of written.entries()) {
        const letter = letters[index];
        if (letter === verdicts.changed) changed.push(row);
        else if (letter === verdicts.wrongType) refused.push({ row, reason: 'wrong type' });
        // By choice a row that cannot be whole is not kept at all, which a cache may always do: nothing is there.
        else if (letter === verdicts.incomplete && this.#settings.onIncomplete === 'fail') refused.push({ row, reason: 'incomplete' });
      }
    }
    return { refused, changed };
  }

  #text(row: PendingRow): string {
    if (row.content.kind !== 'members') return '';
    return `${this.#head}${row.version}"${row.content.members === '' ? '' : ','}${row.content.members}}`;
  }

  #hashArgs({ version, content }: PendingRow): readonly string[] {
    if (content.kind !== 'cells') return [String(version), '-1', '0'];
    const fields: string[] = [];
    const kept: string[] = [];
    for (const [name, text] of content.cells) {
      if (text === undefined) kept.push(name);
      else if (text !== null) fields.push(name, text);
    }
    return [String(version), String(fields.length), ...fields, String(kept.length), ...kept];
  }

  /** Rows of JSON that lack columns, with these taken from the stored rows; an entry holds only if that row is still there. */
  async #merged(session: Session, rows: readonly PendingRow[], refused: { row: PendingRow; reason: Refusal }[]): Promise<readonly Entry[]> {
    const outcomes = await send(
      session,
      rows.map(({ key }) => ({ name: 'GET', args: [key], key })),
    );
    const found = rows.map((row, at) => {
      const outcome = outcomes[at]!;
      return { row, outcome, stored: 'reply' in outcome ? this.#stored(outcome.reply) : null };
    });
    const deleted = await this.#deletedSince(
      session,
      found.flatMap(({ row, outcome, stored }) => ('reply' in outcome && stored === null ? [row] : [])),
    );
    return found.flatMap(({ row, outcome, stored }) => {
      if ('wrongType' in outcome) {
        refused.push({ row, reason: 'wrong type' });
        return [];
      }
      // What is newer than the row makes it stale, whatever it lacks.
      if ((stored !== null && isStale(stored.version, row, session)) || deleted.has(row)) return [];
      const content = stored === null ? row.content : filledFrom(row.content, { kind: 'members', members: stored.members }, false);
      if (stored === null || isPartial(content)) {
        if (this.#settings.onIncomplete === 'evict') return [entryOf(row, [String(row.version), '', ''])];
        refused.push({ row, reason: 'incomplete' });
        return [];
      }
      return [entryOf(row, [String(row.version), String(stored.version), this.#text({ ...row, content })])];
    });
  }

  /** Which of these rows, whose keys are not there, have been deleted by newer records. */
  async #deletedSince(session: Session, rows: readonly PendingRow[]): Promise<ReadonlySet<PendingRow>> {
    const outcomes = await send(
      session,
      rows.map(({ marker }) => ({ name: 'GET', args: [marker], key: marker })),
    );
    return new Set(
      rows.filter(({ version }, at) => {
        const outcome = outcomes[at]!;
        const marker = 'reply' in outcome ? outcome.reply : null;
        return typeof marker === 'string' && /^\d{1,19}$/.test(marker) && BigInt(marker) >= version;
      }),
    );
  }

  #stored(reply: unknown): { readonly version: bigint; readonly members: string } | null {
    if (typeof reply !== 'string' || !reply.startsWith(this.#head)) return null;
    const digits = /^(\d{1,19})",?/.exec(reply.slice(this.#head.length));
    if (digits === null) return null;
    return { version: BigInt(digits[1]!), members: reply.slice(this.#head.length + digits[0].length, -1) };
  }

  /** Runs of the script: a few rows each, in a cluster of one slot. */
  #runs(
    entries: readonly Entry[],
    { client, again }: Session,
  ): readonly { readonly command: Command; readonly entries: readonly Entry[] }[] {
    const cluster = client instanceof Cluster;
    const groups: { entries: Entry[]; bytes: number }[] = [];
    const bySlot = new Map<number, { entries: Entry[]; bytes: number }>();
    for (const entry of entries) {
      const slot = cluster ? clusterSlot(entry.row.key) : 0;
      let group = bySlot.get(slot);
      if (group === undefined || group.entries.length >= scriptRowsMax || group.bytes + entry.bytes > scriptBytesMax) {
        group = { entries: [], bytes: 0 };
        bySlot.set(slot, group);
        groups.push(group);
      }
      group.entries.push(entry);
      group.bytes += entry.bytes;
    }
    const { hash, versionField, ttlMs, markerMs } = this.#settings;
    const common = [
      hash ? versionField : this.#head,
      ttlMs === null ? '' : String(ttlMs),
      markerMs === null ? '' : String(markerMs),
      again ? '1' : '',
    ];
    return groups.map(group => ({
      entries: group.entries,
      command: scriptCommand(
        hash ? hashScript : stringScript,
        group.entries.flatMap(({ row }) => [row.key, row.marker]),
        [...common, ...group.entries.flatMap(({ args }) => args)],
      ),
    }));
  }
}

function isStale(stored: bigint, { version }: PendingRow, { again }: Session): boolean {
  return again ? stored > version : stored >= version;
}

function entryOf(row: PendingRow, args: readonly string[]): Entry {
  let bytes = row.key.length + row.marker.length;
  for (const arg of args) bytes += arg.length;
  return { row, args, bytes };
}

function letterOf(outcome: Outcome, count: number): string {
  const letters = 'reply' in outcome ? outcome.reply : '';
  if (typeof letters === 'string' && letters.length === count) return letters;
  throw new SluiceError('TARGET_REFUSED', 'The script that writes rows answered something else than it does: Redis behind a proxy?');
}
