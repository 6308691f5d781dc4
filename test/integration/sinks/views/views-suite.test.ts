import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { type SuiteRow, sinkSuite } from '../../../conformance/sink-suite/index.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { rowsView } from './rows-view.ts';
import { viewsSinkOf } from './views-target.ts';

const scratch = new ScratchFolder('views-suite');
after(() => scratch[Symbol.dispose]());

sinkSuite('views in SQLite', {
  async make(topic) {
    return viewsSinkOf({ 'connection.url': `jdbc:sqlite:${scratch.file(`${topic}.db`)}`, views: rowsView(topic) });
  },
  async state(topic) {
    const file = scratch.file(`${topic}.db`);
    if (!existsSync(file)) return new Map();
    using database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare(`select id, name, amount from view_of_${topic}`).all() as SuiteRow[];
    return new Map(rows.map(row => [row.id, { ...row }]));
  },
});
