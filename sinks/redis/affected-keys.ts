import type { Change, SinkRecord } from '../../src/contract/index.ts';
import type { FieldOrigin, KeyTemplate } from './key-template.ts';
import type { RedisSettings } from './options.ts';
import { filledKey, patternOfAll, templateError } from './record-keys.ts';

/** What a change makes stale: keys, and patterns of keys. */
export type AffectedKeys = { readonly keys: readonly string[]; readonly patterns: readonly string[] };

function takesFrom(template: KeyTemplate, origin: FieldOrigin): boolean {
  return template.parts.some(part => part.kind === 'field' && part.origin === origin);
}

/**
 * The keys that hold what a change is of: those of the row as it is now, and those of the row as it was. Throws RECORD_REFUSED where a
 * template cannot be filled, or where the record does not say what was in one of its columns before.
 */
export function affectedKeys(change: Change, record: SinkRecord, settings: RedisSettings): AffectedKeys {
  const found = { keys: new Set<string>(), patterns: new Set<string>() };
  for (const template of settings.keysOf(record.topic)) {
    const into = template.pattern ? found.patterns : found.keys;
    if (change.kind === 'truncate') {
      const pattern = patternOfAll(template, record);
      if (pattern === null) throw templateError(template, record, 'its table was truncated, and all keys of the server would match');
      found.patterns.add(pattern);
      continue;
    }
    for (const text of [currentKey(template, change, record), formerKey(template, change, record, settings)])
      if (text !== null) into.add(text);
  }
  return { keys: [...found.keys], patterns: [...found.patterns] };
}

function currentKey(template: KeyTemplate, change: Change, record: SinkRecord): string | null {
  if (change.kind !== 'upsert' || takesFrom(template, 'before')) return null;
  const filled = filledKey(template, 'after', change, record);
  if (filled === null || 'text' in filled) return filled?.text ?? null;
  throw templateError(
    template,
    record,
    `the record does not have '${filled.unknown}'`,
    'Have the database send the column (REPLICA IDENTITY FULL, or a full row image), or take it out of the template.',
  );
}

function formerKey(template: KeyTemplate, change: Change, record: SinkRecord, settings: RedisSettings): string | null {
  const created = change.operation === 'c' || change.operation === 'r';
  if (takesFrom(template, 'after') || (created && change.before === null)) return null;
  const filled = filledKey(template, 'before', change, record);
  if (filled === null || 'text' in filled) return filled?.text ?? null;
  // The tombstone behind a delete has nothing but the key; what was in the row the delete has told.
  if (record.value === null || settings.onMissingBefore === 'ignore') return null;
  throw templateError(
    template,
    record,
    `it does not say what '${filled.unknown}' was before`,
    'Have the database send the row as it was (REPLICA IDENTITY FULL, or a full row image) and keep the envelope, use columns of the key alone, or set redis.on.missing.before=ignore.',
  );
}
