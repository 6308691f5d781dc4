import { createHash } from 'node:crypto';
import {
  type FieldRules,
  type Look,
  momentText,
  type PluginContext,
  type Removal,
  readChange,
  type SinkRecord,
  type SinkVerification,
  SluiceError,
  type SurplusRow,
} from '../../src/contract/index.ts';
import { type Session, scriptCommand, send } from './commands.ts';
import { Connection } from './connection.ts';
import type { RedisSettings } from './options.ts';
import { type PendingRow, PendingRows } from './pending-rows.ts';
import { patternOfAll } from './record-keys.ts';
import { splitMembers } from './row-text.ts';
import { eachMatching } from './scan.ts';
import { removeScript } from './verification-scripts.ts';

type Held = { readonly text: string; readonly fields: ReadonlyMap<string, string> };

/** Holds records against the keys of `write-through`, which are read and compared here: Redis has no digest of a value. */
export class RedisVerification implements SinkVerification {
  readonly #settings: RedisSettings;
  readonly #connection: Connection;

  constructor(settings: RedisSettings, { connector }: PluginContext) {
    this.#settings = settings;
    this.#connection = new Connection(settings.connection, `sluice-${connector}-verification`);
  }

  get refusal(): string | null {
    return this.#settings.mode === 'write-through' ? null : `with redis.mode=${this.#settings.mode} it holds no rows`;
  }

  async look(records: readonly SinkRecord[], rules: FieldRules, abort: AbortSignal): Promise<readonly (Look | null)[]> {
    const rows = records.map(record => this.#rowOf(record));
    const held = await this.#get(
      rows.flatMap(row => row?.key ?? []),
      abort,
    );
    return rows.map((row, index) => {
      if (row === null) return null;
      const is = held.get(row.key);
      const place = { container: this.#containerOf(records[index]!), id: row.key, held: is === undefined ? null : digestOf(is.text) };
      if (row.content.kind === 'drop') return { ...place, state: is === undefined ? 'same' : 'different' };
      // A key that may expire, or be evicted, need not be there.
      if (is === undefined) return { ...place, state: this.#settings.ttlMs === null ? 'missing' : 'same' };
      return { ...place, state: this.#isSame(row, is, rules) ? 'same' : 'different' };
    });
  }

  /** Null for a record of no row. */
  #rowOf(record: SinkRecord): PendingRow | null {
    const change = readChange(record, this.#settings.unavailable);
    if (change.kind === 'none' || change.kind === 'truncate') return null;
    const rows = new PendingRows(this.#settings);
    rows.add(change, record, 0);
    return rows.values()[0] ?? null;
  }

  #containerOf(record: SinkRecord): string {
    const template = this.#settings.keysOf(record.topic)[0]!;
    const pattern = patternOfAll(template, record);
    if (pattern === null)
      throw new SluiceError(
        'BAD_REQUEST',
        `The keys of ${record.topic} ('${template.text}') begin with a value, so that they cannot be told from others.`,
      );
    return pattern;
  }

  #isSame({ content }: PendingRow, { fields }: Held, { ignored, moments }: FieldRules): boolean {
    const cells: ReadonlyMap<string, string | null | undefined> =
      content.kind === 'members'
        ? (splitMembers(`{${content.members}}`) ?? new Map())
        : new Map(content.kind === 'cells' ? content.cells : []);
    for (const [name, text] of cells) {
      if (ignored.has(name) || text === undefined) continue;
      // A hash shows a null by having no such field.
      const held = fields.get(name) ?? null;
      const same = moments.has(name) && held !== null && text !== null ? momentText(held) === momentText(text) : held === text;
      if (!same) return false;
    }
    const { versionField } = this.#settings;
    return [...fields.keys()].every(name => name === versionField || ignored.has(name) || cells.has(name));
  }

  async *ids(container: string, max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const { scanCount, markerPrefix } = this.#settings;
    let found: string[] = [];
    // One after the other would need a pass held open; the names of a pass are held instead.
    await eachMatching(await this.#session(abort), [container], scanCount, async (_server, keys) => {
      for (const key of keys) if (!key.toString().includes(markerPrefix)) found.push(key.toString());
      if (found.length > keysMax)
        throw new SluiceError('BAD_REQUEST', `More than ${keysMax} keys match '${container}': they are more than are compared at once.`);
    });
    found = [...new Set(found)];
    for (let at = 0; at < found.length; at += max) yield found.slice(at, at + max);
  }

  async held(_container: string, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return new Map([...(await this.#get(ids, abort))].map(([key, { text }]) => [key, digestOf(text)]));
  }

  /** The script deletes only what is still as it was looked at. */
  async remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]> {
    const confirmed = await confirm();
    const outcomes = new Array<Removal>(rows.length).fill('changed');
    const texts = await this.#get(
      rows.map(({ id }) => id),
      abort,
    );
    const sent = rows.flatMap(({ id, held }, index) => {
      const text = texts.get(id)?.text;
      return confirmed.has(index) && text !== undefined && digestOf(text) === held ? [{ id, text, index }] : [];
    });
    const answers = await send(
      await this.#session(abort),
      sent.map(({ id, text }) => scriptCommand(removeScript, [id], [text])),
    );
    for (const [at, answer] of answers.entries())
      if ('reply' in answer && Number(answer.reply) === 1) outcomes[sent[at]!.index] = 'removed';
    return outcomes;
  }

  async #get(keys: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, Held>> {
    const { hash } = this.#settings;
    const found = new Map<string, Held>();
    const answers = await send(
      await this.#session(abort),
      keys.map(key => ({ name: hash ? 'HGETALL' : 'GET', args: [key], key })),
    );
    for (const [at, answer] of answers.entries()) {
      const key = keys[at]!;
      // Another type of value: nothing of ours.
      if ('wrongType' in answer) found.set(key, { text: '', fields: new Map([['', '']]) });
      else {
        const held = hash ? hashOf(answer.reply) : stringOf(answer.reply);
        if (held !== null) found.set(key, held);
      }
    }
    return found;
  }

  async #session(abort: AbortSignal): Promise<Session> {
    const client = await this.#connection.open(abort);
    return { client, connection: this.#connection, batchBytesMax: this.#settings.batchBytesMax, again: false, abort };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

/** Keys of one template whose names are held at once. */
const keysMax = 5_000_000;

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function stringOf(reply: unknown): Held | null {
  if (typeof reply !== 'string') return null;
  return { text: reply, fields: splitMembers(reply) ?? new Map([['', reply]]) };
}

/** Fields in one order, each with its length, as the script makes them. */
function hashOf(reply: unknown): Held | null {
  if (!Array.isArray(reply) || reply.length === 0) return null;
  const fields = new Map<string, string>();
  for (let at = 0; at < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  const text = [...fields].map(([name, value]) => `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(value)}:${value}`);
  // By bytes, as Lua sorts.
  return { text: text.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join(''), fields };
}
