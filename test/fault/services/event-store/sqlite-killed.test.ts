import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventStore, RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
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

async function everything(store: EventStore): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readAll(found.at(-1)?.position ?? 0n, { limit: 10_000 });
    if (page.length === 0) return found;
    found.push(...page);
  }
}

function labels(events: readonly RecordedEvent[], type: string): string[] {
  return events
    .filter(({ stream }) => stream.type === type)
    .map(({ data }) => Object.values(data as { writer: number; number: number }).join(' '));
}

test('a killed process loses nothing that was acknowledged, halves nothing, and what it sends again is not doubled', {
  timeout: 300_000,
}, async t => {
  using folder = new ScratchFolder('event-store-killed');
  let total = 0;
  for (let round = 0; round < faultRounds; round++) {
    const acknowledged = await appendedAndKilled(folder.path, [40, 400, 1500][round % 3]!);
    await using store = await openSqliteEventStore({ folder: folder.path });
    const events = await everything(store);
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
      const ofStream = events.filter(({ stream }) => stream.type === 'shared' && stream.id === id);
      assert.deepEqual(
        ofStream.map(({ version }) => Number(version)),
        ofStream.map((_, index) => index + 1),
      );
    }
    assert.ok(own.length > total);
    total = own.length;
  }
  t.diagnostic(`${faultRounds} kills, ${total} appends`);
});
