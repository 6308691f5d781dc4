import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventsFile } from '../../../../src/services/event-store/sqlite/database.ts';
import { sqlite3 } from '../../../services/sqlite3.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { faultRounds } from '../../rounds.ts';

const appending = fileURLToPath(new URL('./sqlite-appending-process.ts', import.meta.url));
const writers = 16;

/** Lets a process acknowledge so many appends, and kills it in the middle of others. Each writer's last number that was acknowledged. */
async function appendedAndKilled(folder: string, appends: number): Promise<ReadonlyMap<number, number>> {
  const child = spawn(process.execPath, [appending, folder, String(writers)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let lines = 0;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    lines += String(chunk).split('\n').length - 1;
    if (lines >= appends) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  const acknowledged = new Map<number, number>();
  // The last line may be cut.
  for (const line of text.split('\n').slice(0, -1)) {
    const [writer, number] = line.split(' ').map(Number);
    acknowledged.set(writer!, number!);
  }
  return acknowledged;
}

/** An event as it lies in the store's file. */
type StoredEvent = {
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly version: number;
  readonly data: { readonly writer: number; readonly number: number };
};

/** All events in their order, read with the stock sqlite3 command. */
async function everything(folder: string): Promise<readonly StoredEvent[]> {
  const event = `json_object('aggregate_type', aggregate_type, 'aggregate_id', aggregate_id, 'version', version, 'data', json(data))`;
  const events: StoredEvent[] = [];
  for await (const row of sqlite3(eventsFile(folder), `select ${event} from log order by position`)) events.push(JSON.parse(row));
  return events;
}

function labels(events: readonly StoredEvent[], type: string): string[] {
  return events.filter(event => event.aggregate_type === type).map(({ data }) => `${data.writer} ${data.number}`);
}

test('a killed process loses nothing that was acknowledged, halves nothing, and what it sends again is not doubled', {
  timeout: 300_000,
}, async t => {
  using folder = new ScratchFolder('event-store-killed');
  let total = 0;
  for (let round = 0; round < faultRounds; round++) {
    const acknowledged = await appendedAndKilled(folder.path, [40, 400, 1500][round % 3]!);
    const events = await everything(folder.path);
    const own = labels(events, 'writer');
    const last = new Map<number, number>();
    for (const label of own) {
      const [writer, number] = label.split(' ').map(Number);
      assert.equal(number, (last.get(writer!) ?? 0) + 1, `writer ${writer} goes on without a gap`);
      last.set(writer!, number!);
    }
    for (const [writer, number] of acknowledged) assert.ok((last.get(writer) ?? 0) >= number, `${writer} ${number} was acknowledged`);
    assert.deepEqual(labels(events, 'shared'), own, 'both streams of an append, or none');
    for (const id of ['0', '1', '2']) {
      const ofStream = events.filter(event => event.aggregate_type === 'shared' && event.aggregate_id === id);
      assert.deepEqual(
        ofStream.map(({ version }) => version),
        ofStream.map((_, index) => index + 1),
      );
    }
    assert.ok(own.length > total);
    total = own.length;
  }
  t.diagnostic(`${faultRounds} kills, ${total} appends`);
});
