import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../src/contract/index.ts';
import type { SlotGuard } from './slot-guard.ts';

const group = 'Slot guard';

/** How much of the server's WAL the connector may hold back, and what happens then. */
export const slotGuardOptions = {
  'slot.guard.warn.bytes': options.long({
    default: null,
    min: 1,
    doc: 'WAL that the slot may hold back before the connector warns of it, in its log, its status and the metrics, whether its task runs or not. Not set: it does not warn.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot guard: warn',
  }),
  'slot.guard.limit.bytes': options.long({
    default: null,
    min: 1,
    doc: 'WAL that the slot may hold back at most, such as what the server’s disk has room for: what the time until the limit is reckoned to, beside max_slot_wal_keep_size. What happens there says slot.guard.limit.action.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot guard: limit',
  }),
  'slot.guard.limit.action': options.choice(['warn', 'give_up'], {
    default: 'warn',
    doc: 'What happens at slot.guard.limit.bytes: the connector warns; or it gives the slot up: the task fails with SLOT_GIVEN_UP, the offsets keep what is missing from where to where, the slot is dropped and the server’s WAL is free. A restart with snapshot.mode=when_needed then takes a new snapshot.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot guard: action at the limit',
  }),
  'slot.guard.snapshot.percent': options.int({
    default: '75',
    min: 1,
    max: 100,
    doc: 'Incremental snapshots wait while the slot holds back more than this part, in percent, of what it may: of slot.guard.limit.bytes, or of the server’s max_slot_wal_keep_size, whichever is nearer. They go on by themselves. 100: they do not wait; nor do they where there is no limit.',
    importance: 'LOW',
    group,
    displayName: 'Slot guard: snapshots wait',
  }),
};

/** Options that do not go together. */
export function checkSlotGuard(raw: RawConfig, report: ConfigReport): void {
  if (raw['slot.guard.limit.action']?.trim().toLowerCase() === 'give_up' && raw['slot.guard.limit.bytes'] === undefined)
    report.fault('slot.guard.limit.action', 'give_up needs slot.guard.limit.bytes: without a limit the slot is never given up.');
}

export function readSlotGuard(config: ConfigOf<typeof slotGuardOptions>): SlotGuard {
  return {
    warnBytes: config['slot.guard.warn.bytes'],
    limitBytes: config['slot.guard.limit.bytes'],
    givesUp: config['slot.guard.limit.action'] === 'give_up',
    snapshotPercent: config['slot.guard.snapshot.percent'],
  };
}
