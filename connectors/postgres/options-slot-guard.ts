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
    doc: 'What happens at slot.guard.limit.bytes: the connector warns; or it gives the slot up: the task fails with SLOT_GIVEN_UP, the offsets keep what is missing from where to where, the slot is dropped and the server’s WAL is free. How the gap is closed says slot.guard.heal.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot guard: action at the limit',
  }),
  'slot.guard.heal': options.choice(['none', 'incremental'], {
    default: 'none',
    doc: 'How a start closes the gap where the changes behind the stored offset are not to be had any more, because the guard gave the slot up, the server did (max_slot_wal_keep_size, idle_replication_slot_timeout), or somebody dropped it: none, the task fails and says what is missing, unless snapshot.mode=when_needed takes a new snapshot first; incremental, streaming begins at once with a new slot, and an incremental snapshot reads every captured table again beside it (a blocking one where a table has no key). It wins over when_needed. The gap stays with the offsets until all tables are read. Rows that were deleted in the gap are not found by that: sluice verify --repair finds and removes them.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot guard: healing',
  }),
  'slot.guard.heal.automatic': options.boolean({
    default: 'false',
    doc: 'Whether a task that ran when the guard gave its slot up is started again by itself, and heals; needs slot.guard.heal=incremental. A slot that is given up again before its gap has healed leaves the task failed. false: it heals once somebody restarts the task, or the worker starts it.',
    importance: 'LOW',
    group,
    displayName: 'Slot guard: heals by itself',
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
  const value = (name: string) => raw[name]?.trim().toLowerCase();
  const heals = value('slot.guard.heal') === 'incremental';
  if (value('slot.guard.heal.automatic') === 'true' && !heals)
    report.fault('slot.guard.heal.automatic', 'It needs slot.guard.heal=incremental: there is nothing else that it could begin by itself.');
  if (value('slot.guard.heal.automatic') === 'true' && value('slot.guard.limit.action') !== 'give_up')
    report.fault('slot.guard.heal.automatic', 'It needs slot.guard.limit.action=give_up: the guard gives no slot up otherwise.');
  const mode = value('snapshot.mode');
  if (heals && mode === 'always')
    report.fault(
      'slot.guard.heal',
      'incremental does not go with snapshot.mode=always, which reads all tables at every start, after a gap too.',
    );
  if (heals && mode === 'initial_only')
    report.fault('slot.guard.heal', 'incremental does not go with snapshot.mode=initial_only, which streams nothing.');
}

export function readSlotGuard(config: ConfigOf<typeof slotGuardOptions>): SlotGuard {
  return {
    warnBytes: config['slot.guard.warn.bytes'],
    limitBytes: config['slot.guard.limit.bytes'],
    givesUp: config['slot.guard.limit.action'] === 'give_up',
    heals: config['slot.guard.heal'] === 'incremental',
    healsByItself: config['slot.guard.heal.automatic'],
    snapshotPercent: config['slot.guard.snapshot.percent'],
  };
}
