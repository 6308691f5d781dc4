import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  ConnectRecord,
  Converter,
  EventLog,
  HeaderConverter,
  Look,
  SourceVerification,
  Value,
  VerifiableRange,
} from '../../../../src/contract/index.ts';
import { Pace } from '../../../../src/engine/pace.ts';
import { TableComparison } from '../../../../src/engine/verification/compared-table.ts';
import { type PublishedRow, RecordPath } from '../../../../src/engine/verification/record-path.ts';
import type { TableParts } from '../../../../src/engine/verification/table-parts.ts';
import { TableReport } from '../../../../src/engine/verification/table-report.ts';
import type { VerificationTarget } from '../../../../src/engine/verification/target.ts';

const never = new AbortController().signal;
const plain: Converter & HeaderConverter = {
  serialize: (_topic, _schema, value) => Buffer.from(JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value)),
  deserialize: (_topic, bytes) => ({ schema: null, value: new Map(Object.entries(JSON.parse(Buffer.from(bytes!).toString()))) as Value }),
  serializeHeader: () => null,
  deserializeHeader: () => ({ schema: null, value: null }),
};
const path = new RecordPath({ transform: null, key: plain, value: plain, header: plain }, null);

/** A table and a target by id; `passed` is called before each look at a known position. */
class World implements SourceVerification, VerificationTarget {
  readonly rows: Map<number, string>;
  readonly kept: Map<number, string>;
  readonly passedAt: string[] = [];
  onPassed: () => void = () => {};
  #position = 0;

  constructor(rows: readonly (readonly [number, string])[], held: readonly (readonly [number, string])[] = rows) {
    [this.rows, this.kept] = [new Map(rows), new Map(held)];
  }

  #range(ids: readonly number[], max: number): VerifiableRange {
    const found = ids.filter(id => this.rows.has(id)).slice(0, max);
    return {
      rows: found.map(id => ({ key: [String(id)], record: recordOf(id, this.rows.get(id)!) })),
      more: found.length === max,
      position: String(++this.#position),
      echo: found[0] === undefined ? null : recordOf(found[0], this.rows.get(found[0])!, 'later'),
    };
  }

  async tables() {
    return [];
  }

  async held(): Promise<never> {
    throw new Error('not asked');
  }

  async readRange(_table: string, after: readonly string[] | null, rowsMax: number): Promise<VerifiableRange> {
    const from = after === null ? -1 : Number(after[0]);
    return this.#range(
      [...this.rows.keys()].sort((a, b) => a - b).filter(id => id > from),
      rowsMax,
    );
  }

  async readKeys(_table: string, keys: readonly (readonly string[])[]): Promise<VerifiableRange> {
    return this.#range(
      keys.map(([id]) => Number(id)),
      keys.length,
    );
  }

  require(): void {}
  takes(): boolean {
    return true;
  }
  async begin(): Promise<void> {}

  async look(rows: readonly PublishedRow[]): Promise<readonly Look[]> {
    return rows.map(({ log }) => {
      const { id, name } = JSON.parse(Buffer.from(log.value!).toString());
      const is = this.kept.get(id);
      const state = is === undefined ? 'missing' : is === name ? 'same' : 'different';
      return { container: 't', id: String(id), state, held: is ?? null };
    });
  }

  async passed(position: string): Promise<void> {
    this.passedAt.push(position);
    this.onPassed();
  }

  ids(): never {
    throw new Error('not asked');
  }
  async otherFeeders(): Promise<never> {
    throw new Error('not asked');
  }
  async containerOf(): Promise<string> {
    return 't';
  }
  async resend(): Promise<never> {
    throw new Error('not asked');
  }
  async derived() {
    return [];
  }
  async force(): Promise<null> {
    return null;
  }
  async remove(): Promise<never> {
    throw new Error('not asked');
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

function recordOf(id: number, name: string, moment = 'now'): ConnectRecord {
  const [key, value] = [new Map<string, Value>([['id', id]]), new Map<string, Value>(Object.entries({ id, name, moment }))];
  return { topic: 't', partition: null, timestamp: null, keySchema: null, key, valueSchema: null, value, headers: [] };
}

async function compare(world: World, differencesMax = 100) {
  const report = new TableReport('t', null, 10, differencesMax);
  const log: Pick<EventLog, 'describeTopics'> = { describeTopics: async () => [] };
  const parts: TableParts = {
    table: { name: 't', topic: 't', keyed: true, rowsEstimated: null },
    source: world,
    path,
    target: world,
    log: log as EventLog,
    pace: new Pace(
      1_000_000,
      async () => {},
      () => 0,
    ),
    bounds: { chunkRows: 3, differencesMax, roundsMax: 4 },
    report,
  };
  const compared = await new TableComparison(parts).run(never);
  assert.ok(compared);
  return { compared, report, found: compared.differing.map(({ kind, key }) => `${kind} ${key}`) };
}

const ten = Array.from({ length: 10 }, (_, id) => [id, `name ${id}`] as const);

test('a table that is as it should be is read chunk by chunk, and nothing is waited for', async () => {
  const world = new World(ten);
  const { compared, report, found } = await compare(world);
  assert.deepEqual(found, []);
  assert.deepEqual([report.progress.rows, compared.seen.size, world.passedAt.length], [10, 10, 0]);
  assert.deepEqual(compared.rules.ignored, new Set(['moment']), 'what is of the record is not compared');
});

test('what differs at two known positions is a difference; what was in flight is none', async () => {
  const world = new World(ten);
  world.kept.delete(2);
  world.kept.set(4, 'another');
  world.kept.delete(7);
  // The sink comes to row 7 as it passes the position.
  world.onPassed = () => world.kept.set(7, 'name 7');
  const { found, report } = await compare(world);
  assert.deepEqual(found, ['missing 2', 'changed 4']);
  assert.equal(report.progress.undecided, 0);
});

test('a row that changes on both sides all the time is undecided, and no difference', async () => {
  const world = new World(ten);
  world.kept.set(4, 'old 0');
  let round = 0;
  world.onPassed = () => {
    round++;
    world.rows.set(4, `new ${round}`);
    world.kept.set(4, `old ${round}`);
  };
  const { found, report } = await compare(world);
  assert.deepEqual([found, report.progress.undecided], [[], 1]);
});

test('a row that is right at last after changes is none either', async () => {
  const world = new World(ten);
  world.kept.set(4, 'old');
  let round = 0;
  world.onPassed = () => {
    if (++round === 1) world.rows.set(4, 'newer');
    else world.kept.set(4, 'newer');
  };
  const { found, report } = await compare(world);
  assert.deepEqual([found, report.progress.undecided], [[], 0]);
});

test('a row that is deleted meanwhile is handed on to those that may be too many', async () => {
  const world = new World(ten);
  world.kept.set(4, 'old');
  world.onPassed = () => world.rows.delete(4);
  const { found, compared } = await compare(world);
  assert.deepEqual(found, []);
  assert.deepEqual(
    compared.gone.map(({ id }) => id),
    ['4'],
  );
});

test('a table of which too much differs is given up', async () => {
  await assert.rejects(compare(new World(ten, []), 5), /More than 5 rows of t differ/);
});
