import assert from 'node:assert/strict';
import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TaskProgress } from '../../../src/engine/supervisor/supervisor-states.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { type Daemon, newDaemon } from '../../support/daemon.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { assertSlotNotAhead, confirmedLsn, offsetsForSqlite3, publishedForSqlite3 } from '../strangers.ts';
import { faultTest } from './series.ts';
import { isStopped } from './stopped-process.ts';
import { commitsIn, copyLog, durableIn } from './wal.ts';

/**
 * A machine that goes down takes its processes along and what its page cache had not yet written. Neither can be had in a test without the
 * machine, so both are made: the daemon is stopped (SIGSTOP, which strikes all of its threads, between any two of their steps) and its files
 * are copied as they lie there, half a transaction and all; then it is killed, and another is started on the copy. The copy has all that was
 * written, also what was never synced. So in two rounds of three a part of that is taken away: what lies in the write-ahead log behind the last
 * transaction of which anybody outside was told is cut off at a byte by chance, or holes are put into it, since a disk writes sectors in
 * any order. What was told of (the slot's confirmed position) must have been synced before (invariant 2, synchronous=FULL), and stays.
 * Nothing is taken from the file itself: SQLite reuses the write-ahead log only after the file was synced.
 */
const connector = 'machine';
const sectorBytes = 512;

/** Takes away, in a copy, part of what may not have been synced: nothing up to `told`. Says what. */
function loseUnsynced(copy: string, scratch: string, told: bigint, random: (below: number) => number): string {
  const wal = join(copy, 'log.db-wal');
  const { commits, end } = commitsIn(wal);
  const places = [0, ...commits];
  // The first place up to which everything that was told of is there.
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const durable = durableIn(copy, places[middle]!, scratch, connector);
    if (durable !== null && durable >= told) high = middle;
    else low = middle + 1;
  }
  const kept = places[low]!;
  if (kept >= end) return 'nothing was left to lose';
  if (random(2) === 0) {
    const place = kept + random(end - kept);
    truncateSync(wal, place);
    return `${end - place} of ${end - kept} bytes cut off`;
  }
  const descriptor = openSync(wal, 'r+');
  const holes = 1 + random(3);
  for (let hole = 0; hole < holes; hole++) {
    const place = kept + random(end - kept);
    writeSync(descriptor, Buffer.alloc(Math.min(sectorBytes, end - place)), 0, Math.min(sectorBytes, end - place), place);
  }
  closeSync(descriptor);
  return `${holes} holes in ${end - kept} bytes`;
}

async function progress(daemon: Daemon): Promise<TaskProgress | undefined> {
  const rest = new ConnectClient(daemon.url);
  await rest.assertNotFailed(connector);
  return (await rest.call<{ tasks: TaskProgress[] }>('GET', `/sluice/connectors/${connector}`)).tasks[0];
}

faultTest(
  'a machine that goes down at moments by chance: from the files it leaves nothing is lost or doubled',
  async ({ seed, random, rounds, diagnostic }) => {
    using scratch = new ScratchFolder('machine');
    await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
    await using daemon = await newDaemon({});
    await daemon.start();
    await new ConnectClient(daemon.url).putConfig(connector, changing.config);
    const told: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const inSnapshot = round * 3 < rounds;
      const enough = 1 + random(inSnapshot ? 6_000 : 3_000);
      const reached = async () => {
        const task = await progress(daemon);
        return (task?.records ?? 0) >= enough && (inSnapshot || task?.phase === 'streaming') && task;
      };
      const task = await until(reached, { what: `${enough} records`, timeoutMs: 60_000, everyMs: 2 });
      await pause(random(40));
      const { pid } = daemon;
      process.kill(pid, 'SIGSTOP');
      await until(() => isStopped(pid), { what: 'the daemon to stand still' });
      const copy = scratch.file(`copy-${round}`);
      copyLog(daemon.dataFolder, copy);
      await daemon.stop('SIGKILL');
      // What it had said before it was stopped still arrives.
      const gone = async () =>
        (await changing.database.client.query('select from pg_replication_slots where slot_name = $1 and not active', [changing.slot]))
          .rowCount === 1;
      await until(gone, { what: 'the slot to be free', timeoutMs: 60_000 });
      const confirmed = await confirmedLsn(changing);
      const durable = durableIn(copy, Number.MAX_SAFE_INTEGER, scratch.file('look'), connector);
      assert.ok(durable !== null && confirmed !== null && confirmed <= durable, `confirmed ${confirmed}, durable in the copy ${durable}`);
      const lost = round % 3 === 0 ? 'nothing lost' : loseUnsynced(copy, scratch.file('look'), confirmed, random);
      told.push(`${task?.phase} (${task?.records}; ${lost})`);
      copyLog(copy, daemon.dataFolder);
      await daemon.start();
    }
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => progress(daemon) });
    const followed = await changing.assertPublished(publishedForSqlite3(daemon.dataFolder, changing.topics));
    diagnostic(`down in ${told.join(', ')}; ${followed}`);
    await assertSlotNotAhead(changing, () => offsetsForSqlite3(daemon.dataFolder, connector));
  },
);
