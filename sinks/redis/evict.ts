import { Cluster } from 'ioredis';
import type { SluiceError } from '../../src/contract/index.ts';
import { affectedKeys } from './affected-keys.ts';
import { clusterSlot } from './cluster-slot.ts';
import { type Command, type Session, send } from './commands.ts';
import { eachChange, type WriteMode } from './mode.ts';
import type { RedisSettings } from './options.ts';
import { noTemplate } from './record-keys.ts';
import { evictMatching } from './scan.ts';

/** Keys of one UNLINK. */
const keysMax = 500;

/** UNLINK of keys: the server frees their memory beside its other work. In a cluster a command has keys of one slot only. */
export function unlinkCommands(keys: Iterable<string>, cluster: boolean): readonly Command[] {
  const bySlot = new Map<number, string[]>();
  const commands: Command[] = [];
  for (const key of keys) {
    const slot = cluster ? clusterSlot(key) : 0;
    const group = bySlot.get(slot);
    if (group === undefined || group.length >= keysMax) {
      const args = [key];
      bySlot.set(slot, args);
      commands.push({ name: 'UNLINK', args, key });
    } else group.push(key);
  }
  return commands;
}

/**
 * Evicts the keys that hold a changed row, as it is and as it was, and those that match its patterns. At least once: evicting again costs
 * a reader one more question to the database, and is never wrong; so no versions are compared.
 */
export function evictMode(settings: RedisSettings): WriteMode {
  return async (records, session: Session) => {
    const failed: { index: number; error: SluiceError }[] = [];
    const keys = new Set<string>();
    const patterns = new Set<string>();
    eachChange(records, settings.unavailable, failed, (change, record) => {
      if (settings.keysOf(record.topic).length === 0) throw noTemplate(record.topic);
      const affected = affectedKeys(change, record, settings);
      for (const key of affected.keys) keys.add(key);
      for (const pattern of affected.patterns) patterns.add(pattern);
    });
    await send(session, unlinkCommands(keys, session.client instanceof Cluster));
    await evictMatching(session, [...patterns], settings.scanCount);
    return failed;
  };
}
