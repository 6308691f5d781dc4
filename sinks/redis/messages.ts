import { type Change, documentWriter, type Row, type SinkRecord, type SluiceError } from '../../src/contract/index.ts';
import { affectedKeys } from './affected-keys.ts';
import { type Command, send } from './commands.ts';
import { eachChange, type WriteMode } from './mode.ts';
import type { RedisSettings } from './options.ts';
import { filledKey, templateError } from './record-keys.ts';
import { jsonMembers } from './row-text.ts';

/** The same for each delivery of a record: what a reader knows one by that comes twice. */
function idOf({ place }: SinkRecord): string {
  return `${place.topic}/${place.partition}/${place.offset}`;
}

function rowJson(row: Row | null): string {
  return row === null ? 'null' : `{${jsonMembers(row)}}`;
}

function keyJson({ key }: Change, record: SinkRecord): string {
  return key === null ? documentWriter(record.keySchema)(record.key) : rowJson(key);
}

function destinationOf(change: Change, record: SinkRecord, settings: RedisSettings): string {
  const template = settings.destination!;
  const filled = filledKey(template, change.kind === 'upsert' ? 'after' : 'before', change, record);
  if (filled !== null && 'text' in filled) return filled.text;
  throw templateError(template, record, filled === null ? 'a field of it is null' : `the record does not have '${filled.unknown}'`);
}

/** What `publish` tells of a change: `keys` only where templates are given. */
function messageOf(change: Change, record: SinkRecord, settings: RedisSettings): string {
  const head = `{"id":${JSON.stringify(idOf(record))},"topic":${JSON.stringify(record.topic)},"operation":"${change.kind}","key":${keyJson(change, record)}`;
  if (settings.keysOf(record.topic).length === 0) return `${head}}`;
  const { keys, patterns } = affectedKeys(change, record, settings);
  return `${head},"keys":${JSON.stringify([...keys, ...patterns])}}`;
}

/** Tells a channel of each change, in order. At least once, with a stable id: a redelivered batch is told again. */
export function publishMode(settings: RedisSettings): WriteMode {
  return commandMode(settings, (change, record) => {
    const channel = destinationOf(change, record, settings);
    return { name: 'PUBLISH', args: [channel, messageOf(change, record, settings)], key: null };
  });
}

/** Adds each change to a stream, in order. At least once, with a stable id: a redelivered batch is added again. */
export function streamMode(settings: RedisSettings): WriteMode {
  const trim = settings.streamLength === null ? [] : ['MAXLEN', '~', String(settings.streamLength)];
  return commandMode(settings, (change, record) => {
    const stream = destinationOf(change, record, settings);
    const fields = ['id', idOf(record), 'topic', record.topic, 'operation', change.kind, 'key', keyJson(change, record)];
    if (change.after !== null) fields.push('value', rowJson(change.after));
    if (change.before !== null) fields.push('before', rowJson(change.before));
    if (change.missing.length > 0) fields.push('missing', JSON.stringify(change.missing));
    return { name: 'XADD', args: [stream, ...trim, '*', ...fields], key: stream };
  });
}

/** A command a change. */
function commandMode(settings: RedisSettings, commandOf: (change: Change, record: SinkRecord) => Command): WriteMode {
  return async (records, session) => {
    const failed: { index: number; error: SluiceError }[] = [];
    const commands: Command[] = [];
    const indices: number[] = [];
    eachChange(records, settings.unavailable, failed, (change, record, index) => {
      commands.push(commandOf(change, record));
      indices.push(index);
    });
    const outcomes = await send(session, commands);
    for (const [at, outcome] of outcomes.entries()) {
      if (!('wrongType' in outcome)) continue;
      const record = records[indices[at]!]!;
      failed.push({ index: indices[at]!, error: templateError(settings.destination!, record, 'the key holds a value of another type') });
    }
    return failed;
  };
}
