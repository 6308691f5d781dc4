type Update = { readonly updatedFields: string | null } | null;
type Change = { readonly op: string; readonly after: string | null; readonly updateDescription: Update };

/** A document as records leave it: its version; null: there is none, or it is not known (`open`). */
type Known = { readonly version: number | null; readonly open: boolean };

function versionIn(text: string | null | undefined): number | null {
  const found = text ? (JSON.parse(text) as { v?: number }).v : undefined;
  return found ?? null;
}

/** One document's way through the records of its key. */
class DocumentPath {
  /** As the snapshot read it; null: it did not. */
  read: number | null = null;
  /** The first version, or the deletion, that the stream brought. */
  #streamed: Known | null = null;
  #current: Known = { version: null, open: true };
  /** The last version that the stream brought: it goes on behind a deletion. */
  #last: number | null = null;
  #wasAbsent = false;
  readonly faults: string[] = [];

  apply({ op, after, updateDescription }: Change): void {
    if (op === 'r') this.#applyRead(versionIn(after));
    else if (op === 'd') this.#applyDelete();
    else this.#applyVersion(op, after, updateDescription);
  }

  #applyVersion(op: string, after: string | null, updateDescription: Update): void {
    // A replaced document comes whole, an updated one as what changed.
    const version = versionIn(updateDescription?.updatedFields) ?? versionIn(after);
    if (version === null) {
      this.faults.push(`${op} without a version`);
      return;
    }
    if (op === 'c' && !this.#current.open && this.#current.version !== null) this.faults.push(`c ${version} of one that there is`);
    if (op === 'u' && !this.#current.open && this.#current.version === null) this.faults.push(`u ${version} of one that there is not`);
    if (this.#last !== null && version !== this.#last + 1) this.faults.push(`${op} ${version} follows ${this.#last}`);
    if (this.#last === null) this.#goesOn(version - 1);
    this.#wasAbsent ||= op === 'c';
    this.#streamed ??= { version, open: false };
    this.#last = version;
    this.#current = { version, open: false };
  }

  #applyRead(version: number | null): void {
    if (this.read !== null) this.faults.push('read twice');
    if (this.#streamed !== null) this.faults.push('read behind a change');
    this.read = version;
  }

  #applyDelete(): void {
    if (!this.#current.open && this.#current.version === null) this.faults.push('deleted twice');
    this.#streamed ??= { version: null, open: false };
    this.#wasAbsent = true;
    this.#current = { version: null, open: false };
  }

  /** What the stream begins behind must have been read, where it was read: the snapshot may have seen more, never less. */
  #goesOn(before: number): void {
    if (this.read !== null && before > this.read) this.faults.push(`read as ${this.read}, but the stream goes on behind ${before}`);
  }

  /** Where it leads to; null: there is no document. */
  get end(): number | null {
    return this.#streamed === null ? this.read : this.#current.version;
  }

  finish(): void {
    if (this.read === null && !this.#wasAbsent) this.faults.push('neither read nor made');
  }
}

/**
 * Follows documents with a version `v` that rises by one with each change, also over a deletion, through what was published: each version
 * once and in order. What changes while the snapshot reads may be in it and in the stream.
 */
export class DocumentHistory {
  readonly #paths = new Map<string, DocumentPath>();
  readonly operations = new Map<string, number>();

  /** A record as a JsonConverter without schemas wrote it. */
  apply({ topic, key, value }: { readonly topic: string; readonly key: string; readonly value: string | null }): void {
    if (value === null || value === 'null') return; // a tombstone
    const change = JSON.parse(value) as Change;
    this.operations.set(change.op, (this.operations.get(change.op) ?? 0) + 1);
    const name = `${topic} ${(JSON.parse(key) as { id: string }).id}`;
    let path = this.#paths.get(name);
    if (!path) {
      path = new DocumentPath();
      this.#paths.set(name, path);
    }
    path.apply(change);
  }

  /** What is wrong with the documents' ways. */
  faults(): readonly string[] {
    return [...this.#paths].flatMap(([name, path]) => {
      path.finish();
      return path.faults.map(fault => `${name}: ${fault}`);
    });
  }

  /** The documents that the records of a topic lead to: version by id, as the key has it. */
  documentsOf(topic: string): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const [name, { end }] of this.#paths) {
      const id = name.slice(topic.length + 1);
      if (name.startsWith(`${topic} `) && end !== null) found.set(id, end);
    }
    return found;
  }
}
