import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CrashPoint, crashPointVariable } from '../../../src/contract/index.ts';
import { aName, append, exactlyOnce, makeTopic, never, readAll, textOf } from '../../integration/kafka-log-fixture.ts';
import { type CopierSettings, type CopiersLog, openCopiersLog } from './copiers-log.ts';

const program = fileURLToPath(new URL('./copier.ts', import.meta.url));
const count = 100;

/** Kills a copier at each point and lets the next one finish: every record must have been copied once, in order (invariants 1 and 4). */
export async function crashWhileCopying(t: TestContext, log: CopiersLog, points: readonly CrashPoint[]): Promise<void> {
  for (const point of points)
    await t.test(point, async () => {
      const settings = await filled(log);
      assert.equal(await copierEnds(settings, `${point}:3`), 'SIGKILL');
      const halfDone = await copied(settings);
      assert.ok(halfDone.length > 0 && halfDone.length < count, `${halfDone.length} copied before the crash`);
      await finish(settings);
      assert.deepEqual(
        await copied(settings),
        Array.from({ length: count }, (_, index) => String(index)),
      );
    });
}

async function filled(log: CopiersLog): Promise<CopierSettings> {
  await using opened = await openCopiersLog(log);
  const [from, to] = [await makeTopic(opened), await makeTopic(opened)];
  await using writer = await opened.writer({ connector: aName('source'), task: 0 }, exactlyOnce, never);
  await append(
    writer,
    Array.from({ length: count }, (_, index) => ({ topic: from, value: String(index) })),
  );
  return { log, group: aName('group'), from, to };
}

function startCopier(settings: CopierSettings, crash: string) {
  const env = { ...process.env, [crashPointVariable]: crash };
  return spawn(process.execPath, [program, JSON.stringify(settings)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The signal that it has ended by. */
async function copierEnds(settings: CopierSettings, crash: string): Promise<unknown> {
  const copier = startCopier(settings, crash);
  copier.stdout.resume();
  const [, signal] = await once(copier, 'exit');
  return signal;
}

/** A second copier goes on until it has given out the last record, and is killed too. */
async function finish(settings: CopierSettings): Promise<void> {
  const left = count - (await copied(settings)).length;
  const copier = startCopier(settings, '');
  const exited = once(copier, 'exit');
  try {
    for await (const line of createInterface({ input: copier.stdout })) if (Number(line) >= left) break;
  } finally {
    copier.kill('SIGKILL');
    await exited;
  }
}

/** What has been copied. The transaction that a killed copier has left open is ended first, as its successor's start does. */
async function copied({ log, group, to }: CopierSettings): Promise<readonly (string | null)[]> {
  await using opened = await openCopiersLog(log);
  await using _successor = await opened.writer({ connector: group, task: 0 }, exactlyOnce, never);
  return (await readAll(opened, to)).map(({ value }) => textOf(value));
}
