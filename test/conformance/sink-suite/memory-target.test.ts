import { MemoryTarget } from '../../support/memory-target.ts';
import { type SuiteRow, sinkSuite } from './index.ts';

// The suite itself: a sink that compares versions and nothing else passes it.
const target = new MemoryTarget();

sinkSuite('a target in memory', {
  make: async () => target.sink(),
  async state(topic) {
    const rows = target.rows(topic).map((fields): SuiteRow => {
      const [name, amount] = [fields.get('name') ?? null, fields.get('amount') ?? null];
      return { id: Number(fields.get('id')), name: name === null ? null : String(name), amount: amount === null ? null : Number(amount) };
    });
    return new Map(rows.map(row => [row.id, row]));
  },
  away: {
    async begin() {
      target.away = true;
    },
    async end() {
      target.away = false;
    },
  },
  refused: id => ({ id, name: target.refusedName, amount: 1 }),
});
