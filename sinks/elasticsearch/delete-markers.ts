import { createHash } from 'node:crypto';
import type { MarkerRetention } from './marker-retention.ts';
import { type Operation, scopeOf, type Truncation } from './operation.ts';
import type { StateEntry, StateIndex } from './state-index.ts';

/**
 * The versions of deleted documents. Elasticsearch forgets them after index.gc_deletes, and an older record that comes after that would bring
 * the document back (invariant 4). So each delete leaves a marker in the state index, and before a record is written that could be older
 * than a delete, its marker is looked for.
 *
 * Which records that are costs nothing while all goes forward: no delete of a partition is newer than its newest one, the bound, so a record
 * above it is not asked about. Only redelivered and replayed ones are. A truncation is one delete of all that its scope had, with one marker.
 */
export class DeleteMarkers {
  readonly #state: StateIndex;
  readonly #retention: MarkerRetention;
  /** By scope, the version of the newest delete. */
  readonly #bounds = new Map<string, bigint>();
  #refreshed = false;

  constructor(state: StateIndex, retention: MarkerRetention) {
    [this.#state, this.#retention] = [state, retention];
  }

  /** Partitions have come from other tasks, which may have deleted since we looked. */
  forget(): void {
    this.#bounds.clear();
    this.#refreshed = false;
  }

  /** The lines of a bulk request that leave the marker of a delete. */
  lines(operation: Operation): string {
    return this.#state.lines(markerId(operation), scopeOf(operation), operation.record.version, {}, this.#retention.expiresMs);
  }

  /** The lines of a bulk request that leave the marker of a truncation. */
  truncationLines(truncation: Truncation): string {
    const scope = scopeOf(truncation);
    return this.#state.lines(truncationId(scope), scope, truncation.record.version, {});
  }

  /** The marker of a delete or a truncation is durable. */
  written(operation: Operation | Truncation): void {
    const scope = scopeOf(operation);
    const bound = this.#bounds.get(scope);
    // Where the bound is not known yet, it is to be read with this one.
    if (bound === undefined) this.#refreshed = false;
    else if (bound < operation.record.version) this.#bounds.set(scope, operation.record.version);
  }

  /**
   * Which of these documents were deleted by newer records: they must not be written. In a replay beside the live flow, whose deletes may be
   * another task's, all are looked for.
   */
  async superseded(operations: readonly Operation[], mode: 'live' | 'replay', signal: AbortSignal): Promise<ReadonlySet<Operation>> {
    const asked: Operation[] = [];
    let bound = -1n;
    let former: Operation | null = null;
    for (const operation of operations) {
      if (operation.kind !== 'write') continue;
      // Mostly a batch is of few scopes, one after the other: its name is made, and its bound looked for, once each.
      if (mode === 'live' && (former === null || !isSameScope(operation, former))) {
        bound = await this.#bound(scopeOf(operation), signal);
        former = operation;
      }
      if (mode === 'replay' || operation.record.version <= bound) asked.push(operation);
    }
    if (asked.length === 0) return new Set();
    const scopes = [...new Set(asked.map(scopeOf))];
    const markers = await this.#state.get([...asked.map(markerId), ...scopes.map(truncationId)], signal);
    const truncated = new Map(scopes.map((scope, index) => [scope, versionOf(markers[asked.length + index])]));
    return new Set(
      asked.filter((operation, index) => {
        const { version } = operation.record;
        return versionOf(markers[index]) > version || truncated.get(scopeOf(operation))! > version;
      }),
    );
  }

  async #bound(scope: string, signal: AbortSignal): Promise<bigint> {
    const known = this.#bounds.get(scope);
    if (known !== undefined) return known;
    if (!this.#refreshed) await this.#state.refresh(signal);
    this.#refreshed = true;
    const bound = versionOf(await this.#state.latest(scope, signal));
    this.#bounds.set(scope, bound);
    return bound;
  }
}

function isSameScope(one: Operation, other: Operation): boolean {
  const [place, otherPlace] = [one.record.place, other.record.place];
  return one.target === other.target && place.partition === otherPlace.partition && place.topic === otherPlace.topic;
}

function versionOf(entry: StateEntry | undefined): bigint {
  return BigInt(entry?.['version'] ?? -1);
}

/** Bounded, however long index and id are. */
function markerId({ target, id }: Operation): string {
  return createHash('sha256').update(`${target}\0${id}`).digest('base64url');
}

function truncationId(scope: string): string {
  return `truncation ${createHash('sha256').update(scope).digest('base64url')}`;
}
