import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashPoints, crashPointVariable } from '../../../src/contract/index.ts';
import { sinkCrashes } from '../../integration/sink-runtime/crashes.ts';
import { newDaemon } from '../../support/daemon.ts';
import { sourceFiles } from '../../unit/architecture/source-files.ts';
import { embeddedLog } from '../logs.ts';
import { sagaCrashPoints } from '../services/sagas/saga-crashes.ts';
import { crashAtEveryPoint } from './crash-at-every-point.ts';
import { postgresSource } from './postgres-source.ts';
import { crashesMsMax, stepsOf } from './steps.ts';

test('a crash at every point loses and doubles nothing, embedded log', { timeout: crashesMsMax }, async t => {
  await crashAtEveryPoint(t, embeddedLog, daemon => postgresSource(embeddedLog, daemon));
});

test('every crash point lies in the program', () => {
  const program = sourceFiles(['src', 'connectors']).map(({ text }) => text);
  assert.deepEqual(
    crashPoints.filter(point => !program.some(text => text.includes(`crashPoint('${point}')`))),
    [],
  );
});

test('every crash point is struck', () => {
  const sinks = sinkCrashes.map(crash => crash.slice(0, crash.indexOf(':')));
  const struck = new Set<string>([
    ...sinks,
    ...sagaCrashPoints,
    ...[...stepsOf('embedded', 'postgres'), ...stepsOf('kafka', 'postgres')].map(({ point }) => point),
  ]);
  assert.deepEqual(
    crashPoints.filter(point => !struck.has(point)),
    [],
  );
});

test('a daemon told of a crash point that there is not refuses to start', async () => {
  await using daemon = await newDaemon({}, { [crashPointVariable]: 'unit-durabel' });
  await daemon.launch();
  assert.equal(await daemon.ended(), 'exit code 1');
  assert.match(daemon.log(), /names no crash point: 'unit-durabel'; did you mean 'unit-durable'\?/);
});
