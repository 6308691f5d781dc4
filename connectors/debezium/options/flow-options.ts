import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../../src/contract/index.ts';
import { limited } from './limited.ts';

const group = 'Advanced';

const stopsOrTolerates = 'a change that cannot be read stops the task; for records that cannot be converted there is errors.tolerance';

/** Bounds of what is on the way, and what happens after errors. */
export const flowOptions = {
  'max.batch.size': options.int({
    default: '2048',
    min: 1,
    doc: 'Records of one batch at most.',
    importance: 'MEDIUM',
    group,
    displayName: 'Change event batch size',
  }),
  'max.queue.size': options.int({
    default: '8192',
    min: 1,
    doc: 'Records read ahead of the log at most; then the database’s socket is read no further. Must be larger than max.batch.size.',
    importance: 'MEDIUM',
    group,
    displayName: 'Change event buffer size',
  }),
  'max.queue.size.in.bytes': options.long({
    default: '0',
    min: 0,
    doc: 'Bytes read ahead of the log at most; 0: the connector’s own bound.',
    importance: 'LOW',
    group,
    displayName: 'Change event buffer size in bytes',
  }),
  'poll.interval.ms': options.long({
    default: '500',
    min: 1,
    doc: 'Milliseconds that a change waits at most for further ones to be handed on together with it. A batch here goes on as soon as the log takes it, so never later.',
    importance: 'MEDIUM',
    group,
    displayName: 'Poll interval (ms)',
  }),
  'errors.max.retries': options.int({
    default: '-1',
    min: -1,
    doc: 'How often in a row a task is tried again after an error that may heal by itself; -1: without end, 0: never.',
    importance: 'LOW',
    group,
    displayName: 'The maximum number of retries',
  }),
  'retriable.restart.connector.wait.ms': options.long({
    default: '10000',
    min: 0,
    doc: 'Longest pause in milliseconds before a task is tried again (errors.max.retries). Pauses begin at half a second and double.',
    importance: 'LOW',
    group,
    displayName: 'Retriable restart wait (ms)',
  }),
  'event.processing.failure.handling.mode': limited(
    ['fail'],
    { warn: stopsOrTolerates, skip: stopsOrTolerates, ignore: stopsOrTolerates },
    {
      default: 'fail',
      doc: 'What happens to a change that cannot be processed: the task stops with an error that names it.',
      group,
      displayName: 'Event processing failure handling',
    },
  ),
};

export type FlowSettings = {
  readonly batchRecordsMax: number;
  readonly queueRecordsMax: number;
  /** null: not set. */
  readonly queueBytesMax: number | null;
  /** null: without end. */
  readonly retriesMax: number | null;
  readonly retryWaitMs: number;
};

/** The queue must hold more than a batch. */
export function checkFlow(raw: RawConfig, report: ConfigReport): void {
  const size = (name: 'max.queue.size' | 'max.batch.size') => Number(raw[name] ?? flowOptions[name].default);
  if (size('max.queue.size') <= size('max.batch.size'))
    report.fault('max.queue.size', `max.queue.size must be larger than max.batch.size (${size('max.batch.size')})`);
}

export function readFlow(config: ConfigOf<typeof flowOptions>): FlowSettings {
  const retries = config['errors.max.retries'];
  return {
    batchRecordsMax: config['max.batch.size'],
    queueRecordsMax: config['max.queue.size'],
    queueBytesMax: config['max.queue.size.in.bytes'] || null,
    retriesMax: retries < 0 ? null : retries,
    retryWaitMs: config['retriable.restart.connector.wait.ms'],
  };
}
