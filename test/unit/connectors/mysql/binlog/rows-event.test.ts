import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventCursor } from '../../../../../connectors/mysql/binlog/cursor.ts';
import { columnTypes } from '../../../../../connectors/mysql/binlog/event-types.ts';
import { type RowColumn, RowsEvent } from '../../../../../connectors/mysql/binlog/rows-event.ts';
import type { TableMap } from '../../../../../connectors/mysql/binlog/table-map.ts';

/** A cell as VARCHAR has it: its length in one byte, and its text. */
const cell = (text: string) => Buffer.from([text.length, ...Buffer.from(text, 'latin1')]);

type Cells = readonly (string | null)[];

/** A row image without left out columns: a bit for each NULL, then the cells. */
function image(cells: Cells): Buffer {
  const nulls = Buffer.alloc((cells.length + 7) >> 3);
  for (const [index, text] of cells.entries()) if (text === null) nulls[index >> 3]! |= 1 << (index & 7);
  return Buffer.concat([nulls, ...cells.flatMap(text => (text === null ? [] : [cell(text)]))]);
}

/** Reads updates of a table of texts; `reads` counts the cells that were read. */
function readUpdates(updates: readonly (readonly [Cells, Cells])[], shown: readonly boolean[]) {
  let reads = 0;
  const read = (cursor: EventCursor) => {
    reads++;
    const size = cursor.uint8();
    const start = cursor.take(size);
    return cursor.bytes.toString('latin1', start, start + size);
  };
  const skip = (cursor: EventCursor) => void cursor.take(cursor.uint8());
  const column = { read, skip, costly: true, whenNull: null, unavailable: null, patch: null };
  const layout = shown.map((isShown, index): RowColumn => ({ ...column, name: `c${index}`, shown: isShown }));
  const untold = { unsigned: null, collation: null, members: null, geometryType: null, vectorDimensions: null, visible: null };
  const columns = layout.map(({ name }) => ({ type: columnTypes.VARCHAR, size: 200, scale: 0, nullable: true, name, ...untold }));
  const table: TableMap = { tableId: 1, database: 'd', table: 't', columns, primaryKey: null, full: false };
  const bytes = Buffer.concat(updates.flatMap(([before, after]) => [image(before), image(after)]));
  const event = new RowsEvent(table, new EventCursor().start(bytes, 0, bytes.length));
  event.set('update', table, { before: null, after: null, partial: false }, true);
  const rows: unknown[] = [];
  event.each(layout, (before, after) => rows.push([before, after]));
  return { rows, reads };
}

const cells = (columns: number) =>
  fc.array(
    fc.option(
      fc.oneof(
        fc.constantFrom('', 'a', 'ab', 'x'.repeat(40)),
        fc.string({ maxLength: 60 }).map(text => text.replace(/[^ -~]/g, '?')),
      ),
    ),
    {
      minLength: columns,
      maxLength: columns,
    },
  );

test('an update’s rows are read as they are, whichever of their columns are as before', () => {
  const updates = fc.integer({ min: 1, max: 10 }).chain(columns =>
    fc.record({
      rows: fc.array(fc.tuple(cells(columns), cells(columns), fc.array(fc.boolean(), { minLength: columns, maxLength: columns })), {
        minLength: 1,
        maxLength: 5,
      }),
      shown: fc.array(fc.boolean(), { minLength: columns, maxLength: columns }),
    }),
  );
  fc.assert(
    fc.property(updates, ({ rows, shown }) => {
      // Where kept, the column has the same value after as before.
      const changes = rows.map(
        ([before, after, kept]) => [before, after.map((text, index) => (kept[index] ? before[index]! : text))] as const,
      );
      const visible = (row: Cells) => row.filter((_, index) => shown[index]);
      assert.deepEqual(
        readUpdates(changes, shown).rows,
        changes.map(([before, after]) => [visible(before), visible(after)]),
      );
    }),
  );
});

test('what is as it was is not read again, and what only begins like it is', () => {
  const { rows, reads } = readUpdates(
    [
      [
        ['same', 'x'.repeat(40), 'other', null],
        ['same', 'x'.repeat(40), 'otter', 'new'],
      ],
    ],
    [true, true, true, true],
  );
  assert.equal(reads, 5, 'three before, two after');
  assert.deepEqual(rows, [
    [
      ['same', 'x'.repeat(40), 'other', null],
      ['same', 'x'.repeat(40), 'otter', 'new'],
    ],
  ]);
});
