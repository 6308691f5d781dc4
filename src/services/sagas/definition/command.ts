import type { JsonObject, JsonValue } from '../../../contract/index.ts';
import { payloadText } from '../payload.ts';
import type { MessageMatch, PayloadTemplate, SagaCommandDefinition, SagaRetry } from '../saga.ts';
import { Fields, isObject } from './fields.ts';
import type { Faults, Place } from './place.ts';

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
export const nameRule = 'a name has letters, digits, _ and -, begins with a letter or digit, and has at most 100';
/** As Kafka has them. */
export const topicPattern = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
const topicRule = 'a topic has letters, digits, . _ and -, and at most 249';
const typePattern = /^\S.{0,199}$/;
const typeRule = 'a type is a text of at most 200 characters';

/** Names of a command's fields, a step's or a compensation's. */
export const commandFields = ['command', 'topic', 'payload', 'success', 'failure', 'timeout', 'retry'];

/** What is so where a definition does not say. */
export const commandDefaults = {
  timeoutMs: 30_000,
  /** Of a step before the pivot, and the pivot itself. */
  attemptsMax: 3,
  /** Of what a person must look after where it fails: a compensation, or a step behind the pivot. */
  attemptsMaxOfNoReturn: 10,
  delayMs: 1000,
  factor: 2,
  delayMsMax: 60_000,
} as const;

/** The most attempts of one command. */
const attemptsMost = 1000;

/** What a command is called and where it goes where its fields do not say. */
export type CommandDefaults = { readonly type: string | undefined; readonly topic: string | undefined; readonly attemptsMax: number };

/** Reads a command. `who` names it in faults. */
export function readCommand(fields: Fields, who: string, defaults: CommandDefaults, faults: Faults): SagaCommandDefinition {
  return {
    type: fields.text('command', {
      pattern: typePattern,
      is: typeRule,
      missing: `${who} has no 'command': the type of what is sent`,
      or: defaults.type,
    }),
    topic: fields.text('topic', {
      pattern: topicPattern,
      is: topicRule,
      missing: `${who} has no 'topic': where its command goes.`,
      or: defaults.topic,
    }),
    payload: readPayload(fields.get('payload'), fields.at('payload'), faults),
    success: readSuccess(fields, who, faults),
    failure: readMatches(fields.get('failure') ?? [], fields.at('failure'), faults),
    timeoutMs: fields.durationMs('timeout', commandDefaults.timeoutMs, 1),
    retry: readRetry(fields, defaults.attemptsMax, faults),
  };
}

/** The starting event's data, where it does not say. */
function readPayload(value: JsonValue | undefined, place: Place, faults: Faults): PayloadTemplate {
  if (value === undefined) return '$.start';
  checkTexts(value, place);
  return value;

  function checkTexts(node: JsonValue, at: Place): void {
    if (typeof node === 'string') {
      if (payloadText(node) === null)
        faults.add(
          at,
          `'${node}' is no path: write $.start.FIELD, $.replies.STEP.FIELD, $.saga.id or $.saga.correlationId; a text that begins with $ is written $$.`,
        );
    } else if (typeof node === 'number' && !Number.isFinite(node)) faults.add(at, 'JSON has no such number.');
    else if (Array.isArray(node)) for (const [index, item] of (node as readonly JsonValue[]).entries()) checkTexts(item, [...at, index]);
    else if (isObject(node)) for (const [name, item] of Object.entries(node as JsonObject)) checkTexts(item, [...at, name]);
  }
}

function readSuccess(fields: Fields, who: string, faults: Faults): readonly MessageMatch[] {
  const value = fields.get('success');
  if (value === 'none') return [];
  if (value === undefined || value === null) {
    fields.fault(null, `${who} has no 'success': the topic of the reply that says it is done ('none' where nobody answers).`);
    return [];
  }
  const found = readMatches(value, fields.at('success'), faults);
  if (Array.isArray(value) && value.length === 0)
    fields.fault('success', `no reply says that ${who} is done, so what is behind it is never reached ('none' where nobody answers).`);
  return found;
}

/** `TOPIC`, `TOPIC/TYPE`, a map of the two, or a list of these. */
function readMatches(value: JsonValue, place: Place, faults: Faults): readonly MessageMatch[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  return list.flatMap((item, index) => readMatch(item, Array.isArray(value) ? [...place, index] : place, faults) ?? []);
}

export function readMatch(value: JsonValue | undefined, place: Place, faults: Faults): MessageMatch | null {
  if (typeof value === 'string') {
    const slash = value.indexOf('/');
    const [topic, type] = slash < 0 ? [value, null] : [value.slice(0, slash), value.slice(slash + 1)];
    if (topicPattern.test(topic) && (type === null || typePattern.test(type))) return { topic, type };
    faults.add(place, `${topicRule}; a type follows behind a slash (domain-events/OrderCreated).`);
    return null;
  }
  const fields = Fields.of(value, place, 'a message (TOPIC, TOPIC/TYPE or a map)', ['topic', 'type'], faults);
  if (fields === null) return null;
  const topic = fields.text('topic', { pattern: topicPattern, is: topicRule, missing: `the message has no 'topic'.` });
  const type = fields.text('type', { pattern: typePattern, is: typeRule, missing: '', or: '' });
  return topic === '' ? null : { topic, type: type === '' ? null : type };
}

function readRetry(parent: Fields, attemptsMax: number, faults: Faults): SagaRetry {
  const { delayMs, factor, delayMsMax } = commandDefaults;
  const value = parent.get('retry');
  const defaults = { attemptsMax, delayMs, factor, delayMsMax };
  if (value === undefined || value === null) return defaults;
  if (value === 'none') return { ...defaults, attemptsMax: 1 };
  const fields = Fields.of(value, parent.at('retry'), "retry ('none', or a map)", ['attempts', 'delay', 'factor', 'max-delay'], faults);
  if (fields === null) return defaults;
  const delay = fields.durationMs('delay', delayMs, 0);
  const longest = fields.durationMs('max-delay', Math.max(delayMsMax, delay), 0);
  if (longest < delay) fields.fault('max-delay', 'it is less than the first pause (delay).');
  return {
    attemptsMax: fields.number('attempts', attemptsMax, { least: 1, most: attemptsMost, whole: true }),
    delayMs: delay,
    factor: fields.number('factor', factor, { least: 1, most: 100, whole: false }),
    delayMsMax: longest,
  };
}
