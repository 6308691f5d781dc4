import type { JsonObject, StoredState, TargetState } from '../../contract/index.ts';
import { isObject, parseJson } from './offset-format.ts';

/** A record of one of Connect's internal topics. */
export type InternalRecord = { readonly key: string; readonly value: Buffer | null };

const connectorPrefix = 'connector-';
const targetStatePrefix = 'target-state-';
const commitPrefix = 'commit-';
const fencingPrefix = 'tasks-fencing-';
const statusConnectorPrefix = 'status-connector-';
const statusTaskPrefix = 'status-task-';
const statusTopicPrefix = 'status-topic-';
const statusTopicSeparator = ':connector-';

const json = (value: JsonObject): Buffer => Buffer.from(JSON.stringify(value));

/** Records of the config topic as Connect writes them (KafkaConfigBackingStore, JSON converter without schemas). */
export const configRecords = {
  config: (name: string, config: Readonly<Record<string, string>> | null): InternalRecord => ({
    key: connectorPrefix + name,
    value: config === null ? null : json({ properties: { ...config } }),
  }),
  // Workers before Connect 3.5 read `state` and do not know STOPPED.
  targetState: (name: string, state: TargetState | null): InternalRecord => ({
    key: targetStatePrefix + name,
    value: state === null ? null : json({ state: state === 'STOPPED' ? 'PAUSED' : state, 'state.v2': state }),
  }),
  commit: (name: string, tasks: number): InternalRecord => ({ key: commitPrefix + name, value: json({ tasks }) }),
};

/** What a record of the config topic says; null for those that concern Connect's own workers alone. */
export type ConfigChange =
  | { readonly kind: 'config'; readonly name: string; readonly config: Readonly<Record<string, string>> | null }
  | { readonly kind: 'targetState'; readonly name: string; readonly state: TargetState | null }
  | { readonly kind: 'tasks'; readonly name: string; readonly tasks: number }
  | { readonly kind: 'fenced'; readonly name: string; readonly tasks: number };

export function readConfigRecord(key: string, value: Uint8Array | null): ConfigChange | null {
  const parsed = value === null ? null : parseJson(value);
  if (value !== null && !isObject(parsed)) return null;
  const content = isObject(parsed) ? parsed : null;
  if (key.startsWith(targetStatePrefix)) {
    const name = key.slice(targetStatePrefix.length);
    if (content === null) return { kind: 'targetState', name, state: null };
    const state = typeof content['state.v2'] === 'string' ? content['state.v2'] : content['state'];
    return state === 'STARTED' || state === 'PAUSED' || state === 'STOPPED' ? { kind: 'targetState', name, state } : null;
  }
  if (key.startsWith(connectorPrefix)) {
    const name = key.slice(connectorPrefix.length);
    if (content === null) return { kind: 'config', name, config: null };
    const properties = content['properties'];
    if (!isObject(properties)) return null;
    return { kind: 'config', name, config: strings(properties) };
  }
  if (key.startsWith(commitPrefix) && typeof content?.['tasks'] === 'number')
    return { kind: 'tasks', name: key.slice(commitPrefix.length), tasks: content['tasks'] };
  if (key.startsWith(fencingPrefix) && typeof content?.['task-count'] === 'number')
    return { kind: 'fenced', name: key.slice(fencingPrefix.length), tasks: content['task-count'] };
  return null;
}

/** Properties that are null are unset, as Connect's ConfigDef reads them. */
function strings(properties: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])));
}

/** Records of the status topic as Connect writes them (KafkaStatusBackingStore). */
export const statusRecords = {
  /** A task's state, or with `task` null the connector's; a null status deletes. */
  state(
    name: string,
    task: number | null,
    status: { state: string; trace: string | null; workerId: string; generation: number } | null,
  ): InternalRecord {
    const key = task === null ? statusConnectorPrefix + name : `${statusTaskPrefix}${name}-${task}`;
    if (status === null) return { key, value: null };
    const { state, trace, workerId, generation } = status;
    return { key, value: json({ state, trace, worker_id: workerId, generation }) };
  },
  topic(name: string, topic: string, discovered: { task: number; timestampMs: number } | null): InternalRecord {
    const key = statusTopicPrefix + topic + statusTopicSeparator + name;
    if (discovered === null) return { key, value: null };
    return {
      key,
      value: json({ topic: { name: topic, connector: name, task: discovered.task, discoverTimestamp: discovered.timestampMs } }),
    };
  },
};

/** What a record of the status topic says of a connector or a task; null for what no worker has written. */
export function readStatus(value: Uint8Array): StoredState | null {
  const content = parseJson(value);
  if (!isObject(content) || typeof content['state'] !== 'string') return null;
  const { state, trace, worker_id: workerId } = content;
  return { state, trace: typeof trace === 'string' ? trace : null, workerId: typeof workerId === 'string' ? workerId : '' };
}

/** What a record of the status topic concerns; null for keys that are none. */
export type StatusSubject =
  | { readonly kind: 'connector'; readonly name: string }
  | { readonly kind: 'task'; readonly name: string; readonly task: number }
  | { readonly kind: 'topic'; readonly name: string; readonly topic: string };

export function readStatusKey(key: string): StatusSubject | null {
  if (key.startsWith(statusConnectorPrefix)) return { kind: 'connector', name: key.slice(statusConnectorPrefix.length) };
  if (key.startsWith(statusTaskPrefix)) {
    const [, name, task] = /^(.+)-(\d+)$/s.exec(key.slice(statusTaskPrefix.length)) ?? [];
    return name === undefined ? null : { kind: 'task', name, task: Number(task) };
  }
  if (key.startsWith(statusTopicPrefix)) {
    // A topic's name has no colon, a connector's may.
    const separator = key.indexOf(statusTopicSeparator);
    if (separator <= statusTopicPrefix.length) return null;
    const topic = key.slice(statusTopicPrefix.length, separator);
    return { kind: 'topic', topic, name: key.slice(separator + statusTopicSeparator.length) };
  }
  return null;
}
