import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { type SuiteRow, sinkSuite } from '../../../conformance/sink-suite/index.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { jdbcSinkOf, upserts } from './jdbc-target.ts';

const scratch = new ScratchFolder('jdbc-suite');
after(() => scratch[Symbol.dispose]());

sinkSuite('jdbc in SQLite', {
  async make(topic) {
    return jdbcSinkOf({ ...upserts, 'truncate.enabled': 'true', 'connection.url': `jdbc:sqlite:${scratch.file(`${topic}.db`)}` });
  },
  async state(topic) {
    const file = scratch.file(`${topic}.db`);
    if (!existsSync(file)) return new Map();
    using database = new DatabaseSync(file, { readOnly: true });
    if (!database.prepare('select 1 from sqlite_schema where name = ?').get(topic)) return new Map();
    const rows = database.prepare(`select id, name, amount from ${topic}`).all() as SuiteRow[];
    return new Map(rows.map(row => [row.id, { ...row }]));
  },
  truncates: true,
});
