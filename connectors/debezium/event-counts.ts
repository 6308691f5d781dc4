import type { TableEvents } from '../../src/contract/index.ts';
import type { Operation } from './envelope.ts';

/** Counts the events of one table. One object a table for as long as its task's source lives, across the table's versions. */
export class TableEventCounts implements TableEvents {
  readonly table: string;
  creates = 0;
  updates = 0;
  deletes = 0;
  reads = 0;
  truncates = 0;

  constructor(table: string) {
    this.table = table;
  }

  /** On the way of every event: a few comparisons, nothing allocated. */
  count(operation: Operation): void {
    if (operation === 'c') this.creates++;
    else if (operation === 'u') this.updates++;
    else if (operation === 'r') this.reads++;
    else if (operation === 'd') this.deletes++;
    else if (operation === 't') this.truncates++;
  }
}

/** What a task's source made of the database's changes, by table. */
export class EventCounts {
  readonly #byTable = new Map<string, TableEventCounts>();

  /** The table's own counter, to be kept by whoever counts. */
  of(table: string): TableEventCounts {
    let counts = this.#byTable.get(table);
    if (counts === undefined) {
      counts = new TableEventCounts(table);
      this.#byTable.set(table, counts);
    }
    return counts;
  }

  /** A copy of the figures as they are now. */
  list(): readonly TableEvents[] {
    return [...this.#byTable.values()].map(counts => ({ ...counts }));
  }
}
