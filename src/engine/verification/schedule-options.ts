import { type ConfigReport, options, type RawConfig } from '../../contract/index.ts';
import { requestBounds } from './request.ts';

const group = 'Verification';

/** Verifications that begin by themselves: against what, how often and at which pace. */
export type VerificationSchedule = {
  /** Sinks, and `log`. */
  readonly against: readonly string[];
  /** From the beginning of one to that of the next. */
  readonly intervalMs: number;
  /** Rows a second, on each side. */
  readonly rate: number;
  readonly repair: boolean;
};

/** The options of a source that have it verified by itself. They are ours. */
export const scheduleOptions = {
  'verify.against': options.list({
    default: '',
    doc: 'With what the tables of this connector are compared by itself, every verify.interval.ms: names of sinks, and `log` for the log’s own latest state. Empty: with nothing.',
    importance: 'LOW',
    group,
    displayName: 'Verify against',
  }),
  'verify.interval.ms': options.long({
    default: '86400000',
    min: 1_000,
    doc: 'How often: from the beginning of one verification to that of the next, in milliseconds. One that is begun by hand counts too; one that still runs is waited for.',
    importance: 'LOW',
    group,
    displayName: 'Verification interval',
  }),
  'verify.rate': options.int({
    default: '1000',
    min: 1,
    max: requestBounds.rate.max,
    doc: 'How many rows a second such a verification reads at the most, on each side.',
    importance: 'LOW',
    group,
    displayName: 'Verification rate',
  }),
  'verify.repair': options.boolean({
    default: 'false',
    doc: 'Whether what differs in a sink’s target is put right as well. The log is only compared.',
    importance: 'LOW',
    group,
    displayName: 'Verification repairs',
  }),
};

/** Tells of what says how to verify, where nothing is to be verified. */
export function checkSchedule(raw: RawConfig, report: ConfigReport): void {
  const given = Object.keys(scheduleOptions).filter(name => name !== 'verify.against' && raw[name] !== undefined);
  if (given.length > 0 && (raw['verify.against'] ?? '').trim() === '')
    report.fault('verify.against', `${given.join(', ')} needs verify.against: the sinks, or log, that the tables are to be compared with.`);
}

/** Null where nothing is to be verified by itself. */
export function scheduleOf(config: {
  readonly 'verify.against': readonly string[];
  readonly 'verify.interval.ms': number;
  readonly 'verify.rate': number;
  readonly 'verify.repair': boolean;
}): VerificationSchedule | null {
  const against = [...new Set(config['verify.against'])];
  if (against.length === 0) return null;
  return { against, intervalMs: config['verify.interval.ms'], rate: config['verify.rate'], repair: config['verify.repair'] };
}
