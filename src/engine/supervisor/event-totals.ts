import type { SourceCounts, TableEvents } from '../../contract/index.ts';

/** What all attempts of a task counted: each has a source of its own, which begins at nothing. */
export class EventTotals {
  #byTable = new Map<string, TableEvents>();
  #filtered = 0;

  /** An attempt has ended, with these counts. */
  absorb(counts: SourceCounts): void {
    const { events, filteredEvents } = this.with(counts);
    this.#byTable = new Map(events.map(one => [one.table, one]));
    this.#filtered = filteredEvents;
  }

  /** With what the attempt that runs has counted so far. */
  with(counts: SourceCounts | null): Pick<SourceCounts, 'events' | 'filteredEvents'> {
    const total = new Map(this.#byTable);
    for (const one of counts?.events ?? []) {
      const before = total.get(one.table);
      total.set(one.table, before === undefined ? one : plus(before, one));
    }
    return { events: [...total.values()], filteredEvents: this.#filtered + (counts?.filteredEvents ?? 0) };
  }
}

function plus(a: TableEvents, b: TableEvents): TableEvents {
  return {
    table: a.table,
    creates: a.creates + b.creates,
    updates: a.updates + b.updates,
    deletes: a.deletes + b.deletes,
    reads: a.reads + b.reads,
    truncates: a.truncates + b.truncates,
  };
}
