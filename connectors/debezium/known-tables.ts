import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';

/** A partition of its own beside the connector's: Debezium's loader does not ask for it. */
function partitionOf(serverPartition: JsonObject): JsonObject {
  return { ...serverPartition, sluice_captured: 'tables' };
}

/**
 * The tables whose rows a connector has, or follows from the first one on, by their qualified names: what a start holds the captured tables against to
 * find those that were added. Stored as an offset, when it has changed: with the records that made it true. Pure.
 */
export class KnownTables {
  readonly #partition: JsonObject;
  /** null: nothing is stored, so nothing is known to be new. */
  #names: ReadonlySet<string> | null;
  #owed = false;

  /** `stored`: the offsets of the connector's own `topic.prefix`. */
  constructor(serverPartition: JsonObject, stored: readonly SourceOffset[]) {
    this.#partition = partitionOf(serverPartition);
    const found = stored.find(({ partition }) => partition['sluice_captured'] === this.#partition['sluice_captured'])?.offset;
    const tables = found?.['tables'];
    this.#names = Array.isArray(tables) ? new Set(tables.filter(name => typeof name === 'string')) : null;
  }

  /** Those of the captured tables that are not known; none where nothing was stored. */
  added(captured: readonly string[]): readonly string[] {
    const names = this.#names;
    return names === null ? [] : captured.filter(name => !names.has(name));
  }

  /** These and no others: what is captured no more is new when it comes back, since its changes in between are missing. */
  set(names: readonly string[]): void {
    const [before, now] = [this.#names, new Set(names)];
    this.#owed ||= before === null || before.size !== now.size || [...now].some(name => !before.has(name));
    this.#names = now;
  }

  add(name: string): void {
    if (this.#names?.has(name)) return;
    this.#names = new Set(this.#names).add(name);
    this.#owed = true;
  }

  /** The offset that is owed to the next batch. */
  take(): readonly SourceOffset[] {
    if (!this.#owed || this.#names === null) return [];
    this.#owed = false;
    return [{ partition: this.#partition, offset: { tables: [...this.#names] } }];
  }
}
