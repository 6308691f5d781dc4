import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ExpectedVersion, StreamId } from '../event-store.ts';
import { idOfAnotherStream, streamConflict, streamDeleted, versionFits } from '../expected-version.ts';
import type { PreparedAppend, PreparedEvent } from '../storage.ts';
import type { AppendedStream } from './protocol.ts';
import { type StreamRow, type StreamTable, streamNow } from './stream-table.ts';

/** What is left of one stream's part of an append after it was checked. */
type Planned = { readonly append: PreparedAppend; readonly events: readonly PreparedEvent[]; readonly repeatedVersion: number };

/** The events of the writer's connection. Everything is checked before anything is written: a refused change leaves the transaction as it was. */
export class EventTable {
  readonly #streams: StreamTable;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #dropStates: StatementSync;
  readonly #last: StatementSync;
  #position: number;

  constructor(database: DatabaseSync, streams: StreamTable) {
    this.#streams = streams;
    this.#insert = database.prepare(
      'insert into events (position, stream, version, id, type, data, metadata, schema_version, timestamp_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#byId = database.prepare('select stream, version from events where id = ?');
    this.#dropStates = database.prepare('delete from states where stream = ?');
    this.#last = database.prepare('select coalesce(max(position), 0) as position from events');
    this.#position = this.#stored();
  }

  /** Of the event that was written last: no later one has a lower position, since the latest event of all is never erased. */
  get position(): number {
    return this.#position;
  }

  /** The transaction was undone. */
  forget(): void {
    this.#position = this.#stored();
  }

  /** Appends to all streams or to none. Throws SluiceError STREAM_DELETED, STREAM_CONFLICT, EVENT_INVALID. */
  append(appends: readonly PreparedAppend[]): { readonly appended: readonly AppendedStream[]; readonly grown: readonly StreamRow[] } {
    const planned = appends.map(append => this.#plan(append));
    const grown: StreamRow[] = [];
    const appended = planned.map(({ append, events, repeatedVersion }): AppendedStream => {
      if (events.length === 0) return { version: repeatedVersion, created: false, repeated: true };
      const row = this.#streams.ensure(append.stream);
      const created = !streamNow(row).exists;
      for (const event of events) this.#write(row, event);
      grown.push(row);
      return { version: row.version, created, repeated: false };
    });
    return { appended, grown };
  }

  /** Answers the stream where something of it is to be erased. Throws SluiceError STREAM_DELETED, STREAM_CONFLICT. */
  delete(stream: StreamId, mode: 'soft' | 'hard', expectedVersion: ExpectedVersion, event: PreparedEvent): StreamRow | null {
    const row = this.#streams.find(stream);
    if (row?.closed) {
      if (mode === 'soft') throw streamDeleted(stream);
      return row;
    }
    const now = streamNow(row);
    if (!versionFits(expectedVersion, now)) throw streamConflict(stream, expectedVersion, now);
    if (row === null || row.version === 0 || (mode === 'soft' && !now.exists)) return null;
    this.#write(row, event);
    row.deletedVersion = row.version;
    this.#dropStates.run(row.id);
    if (mode === 'soft') return null;
    row.closed = true;
    row.keptFrom = row.version;
    return row;
  }

  #plan(append: PreparedAppend): Planned {
    const { stream, expectedVersion } = append;
    const row = this.#streams.find(stream);
    if (row?.closed) throw streamDeleted(stream);
    let repeatedVersion = 0;
    const events = append.events.filter(({ id, idGiven }) => {
      const found = idGiven ? this.#byId.get(id) : undefined;
      if (!found) return true;
      if (found['stream'] !== row?.id) throw idOfAnotherStream(id, stream);
      repeatedVersion = Math.max(repeatedVersion, Number(found['version']));
      return false;
    });
    if (events.length > 0) {
      const now = streamNow(row);
      if (!versionFits(expectedVersion, now)) throw streamConflict(stream, expectedVersion, now);
    }
    return { append, events, repeatedVersion };
  }

  #write(row: StreamRow, { id, type, dataText, metadataText, schemaVersion, timestampMs }: PreparedEvent): void {
    row.version++;
    this.#position++;
    this.#insert.run(this.#position, row.id, row.version, id, type, dataText, metadataText, schemaVersion, timestampMs);
    this.#streams.changed(row);
  }

  #stored(): number {
    return Number(this.#last.get()!['position']);
  }
}
