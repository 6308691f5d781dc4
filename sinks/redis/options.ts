import { type ConfigReport, configSpec, defaultUnavailablePlaceholder, options, type RawConfig } from '../../src/contract/index.ts';
import { type KeyTemplate, parseKeyTemplate } from './key-template.ts';
import { type ConnectionSettings, connectionOptions, connectionSettings } from './options-connection.ts';

const what = 'What is written';
const flow = 'Flow';

const modes = ['evict', 'write-through', 'publish', 'stream'] as const;
export type Mode = (typeof modes)[number];

function template(text: string): KeyTemplate {
  return parseKeyTemplate(text, { patterns: false });
}

/** Templates without a comma: keys as good as never have one. */
function templates(text: string): readonly KeyTemplate[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => parseKeyTemplate(part, { patterns: true }));
}

const redisOptions = {
  ...connectionOptions,
  'redis.mode': options.choice(modes, {
    doc: 'What a change does: evict deletes the keys that hold the row; write-through keeps the row itself under its key; publish tells a channel of it; stream adds it to a stream.',
    importance: 'HIGH',
    group: what,
    displayName: 'Mode',
  }),
  'redis.keys': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Templates of the keys that hold a row, such as user:{id}. evict takes several and patterns too (user:{id}:*); write-through takes one, made of fields of the record’s key; publish names the keys in its message.',
      importance: 'HIGH',
      group: what,
      displayName: 'Keys',
    },
    templates,
  ),
  'redis.value.format': options.choice(['json', 'hash'], {
    default: 'json',
    doc: 'How write-through keeps a row: as one string of JSON, or as a hash with a field a column (a null has no field).',
    group: what,
    displayName: 'Value format',
  }),
  'redis.ttl.ms': options.long({
    default: '-1',
    min: -1,
    doc: 'How many milliseconds after its last write a key of write-through expires; -1: never.',
    group: what,
    displayName: 'TTL',
  }),
  'redis.version.field': options.string({
    default: '__version',
    doc: 'Field in which write-through keeps a row’s version beside its columns: what an older write is known by. A text of digits; the first field of JSON.',
    importance: 'LOW',
    group: what,
    displayName: 'Version field',
    validate: text => {
      if (text === '') throw new Error('must not be empty');
    },
  }),
  'redis.delete.marker.ms': options.long({
    default: '3600000',
    min: -1,
    doc: 'How many milliseconds write-through remembers the version of a deleted row, so that an older write that comes late does not bring it back; -1: for good.',
    group: what,
    displayName: 'Delete marker',
  }),
  'redis.delete.marker.prefix': options.string({
    default: 'sluice:deleted:',
    doc: 'What stands before the key of a deleted row in the key of its marker.',
    importance: 'LOW',
    group: what,
    displayName: 'Delete marker prefix',
    validate: text => {
      if (text === '' || /[{}]/.test(text)) throw new Error('must not be empty, and has no braces');
    },
  }),
  'truncate.enabled': options.boolean({
    default: 'false',
    doc: 'Whether write-through deletes the rows that are older when the source’s table is truncated; otherwise the record is refused. (Debezium’s sources tell of truncations with `skipped.operations=none` only.) It takes a template that begins with a text of its own, a topic of one partition, and tasks.max=1. The other modes need no such option: evict always evicts what the templates could have made, publish and stream tell of it.',
    importance: 'LOW',
    group: what,
    displayName: 'Truncate enabled',
  }),
  'redis.on.incomplete': options.choice(['fail', 'evict'], {
    default: null,
    doc: 'What write-through does with a row of which the database did not send all columns, where nothing is stored to take them from: fail refuses the record; evict leaves the key absent, so that its readers ask the database. Left out: evict with a TTL, fail without.',
    importance: 'LOW',
    group: what,
    displayName: 'On incomplete rows',
  }),
  'redis.on.missing.before': options.choice(['fail', 'ignore'], {
    default: 'fail',
    doc: 'What evict and publish do where a template has a column that is not in the key, and the record does not say what was in it before: fail refuses the record; ignore takes the new row alone, so that a key of the old one may stay.',
    importance: 'LOW',
    group: what,
    displayName: 'On missing before',
  }),
  'redis.channel': options.parsed(
    'STRING',
    { default: null, doc: 'Template of the channel that publish tells.', importance: 'HIGH', group: what, displayName: 'Channel' },
    template,
  ),
  'redis.stream': options.parsed(
    'STRING',
    { default: null, doc: 'Template of the stream’s key.', importance: 'HIGH', group: what, displayName: 'Stream' },
    template,
  ),
  'redis.stream.maxlen': options.long({
    default: '-1',
    min: -1,
    doc: 'How many entries a stream keeps (about so many: MAXLEN ~); -1: all.',
    group: what,
    displayName: 'Stream length',
  }),
  'redis.scan.count': options.int({
    default: '1000',
    min: 1,
    max: 100_000,
    doc: 'How many keys the server looks at in one step of looking for those that match a pattern. It answers others in between.',
    importance: 'LOW',
    group: flow,
    displayName: 'Scan count',
  }),
  'redis.batch.bytes': options.int({
    default: '1048576',
    min: 1024,
    doc: 'Most bytes of commands that are sent before their answers are waited for.',
    importance: 'LOW',
    group: flow,
    displayName: 'Batch bytes',
  }),
  'redis.wait.replicas': options.int({
    default: '0',
    min: 0,
    doc: 'How many replicas must have a batch before it counts as written.',
    importance: 'LOW',
    group: flow,
    displayName: 'Wait for replicas',
  }),
  'redis.wait.timeout.ms': options.int({
    default: '1000',
    min: 1,
    doc: 'How many milliseconds the replicas have for that, before the batch is sent again.',
    importance: 'LOW',
    group: flow,
    displayName: 'Wait timeout',
  }),
  'unavailable.value.placeholder': options.string({
    default: defaultUnavailablePlaceholder,
    doc: 'What the source writes in place of a value that the database did not send: its own option of this name.',
    importance: 'LOW',
    group: flow,
    displayName: 'Unavailable value placeholder',
  }),
};

/** What the sink is told, resolved. */
export type RedisSettings = {
  readonly connection: ConnectionSettings;
  readonly mode: Mode;
  /** The templates of a topic's keys; empty where there are none. */
  readonly keysOf: (topic: string) => readonly KeyTemplate[];
  /** The templates of all topics. */
  readonly templates: readonly KeyTemplate[];
  readonly hash: boolean;
  /** Null: never. */
  readonly ttlMs: number | null;
  readonly versionField: string;
  /** Null: for good. */
  readonly markerMs: number | null;
  readonly markerPrefix: string;
  /** Whether `write-through` deletes a truncated table's rows. */
  readonly truncates: boolean;
  readonly onIncomplete: 'fail' | 'evict';
  readonly onMissingBefore: 'fail' | 'ignore';
  /** Of `publish` and of `stream`; null in the other modes. */
  readonly destination: KeyTemplate | null;
  readonly streamLength: number | null;
  readonly scanCount: number;
  readonly batchBytesMax: number;
  readonly waitReplicas: number;
  readonly waitTimeoutMs: number;
  readonly unavailable: string;
};

const perTopic = /^redis\.keys\.(.+)$/;

function topicTemplates(raw: RawConfig, report: ConfigReport): ReadonlyMap<string, readonly KeyTemplate[]> {
  const found = new Map<string, readonly KeyTemplate[]>();
  for (const [name, text] of Object.entries(raw)) {
    const topic = perTopic.exec(name)?.[1];
    if (topic === undefined) continue;
    try {
      found.set(topic, templates(text));
    } catch (error) {
      found.set(topic, []);
      report.fault(name, `Invalid value ${text} for configuration ${name}: ${(error as Error).message}`);
    }
  }
  return found;
}

function checkKeys(mode: Mode, option: string, keys: readonly KeyTemplate[], report: ConfigReport): void {
  if (mode === 'stream') {
    report.fault(option, 'The mode stream has no keys: redis.stream names its stream.');
    return;
  }
  for (const { text, parts, pattern } of keys) {
    if (pattern && mode === 'write-through')
      report.fault(option, `'${text}' is a pattern: write-through writes one key a row. Write \\* for the sign itself.`);
    const foreign = parts.find(part => part.kind === 'field' && part.origin !== 'row' && part.origin !== 'key');
    if (mode === 'write-through' && foreign?.kind === 'field')
      report.fault(
        option,
        `'{${foreign.origin}.${foreign.name}}' of '${text}' is not of the record’s key: only records of one key have an order, so write-through keys are made of it.`,
      );
    if (parts.every(part => part.kind === 'text'))
      report.fault(option, `'${text}' names no field, so that all rows would have the same key.`);
  }
  if (mode === 'write-through' && keys.length > 1)
    report.fault(option, 'write-through keeps a row under one key; use a connector each for several.');
}

/** What a truncation needs, so that it can tell what is older and what is another table's. */
function checkTruncation(mode: Mode, keys: readonly KeyTemplate[], raw: RawConfig, report: ConfigReport): void {
  const fault = (message: string) => report.fault('truncate.enabled', message);
  if (mode !== 'write-through') {
    fault('Only the mode write-through has this: evict always evicts what its templates could have made, publish and stream tell of it.');
    return;
  }
  if ((raw['tasks.max'] ?? '1').trim() !== '1')
    fault('truncate.enabled=true needs tasks.max=1: several partitions have no order among each other.');
  for (const { text, parts } of keys)
    if (parts[0]?.kind !== 'text' && parts[0]?.kind !== 'topic')
      fault(`truncate.enabled=true needs keys that begin with a text of their own: every key of the server could be one of '${text}'.`);
}

/** The options of `redis`. */
export const redisSpec = configSpec<typeof redisOptions, RedisSettings>({
  doc: 'Keeps caches in Redis in step with tables: evicts the keys of a changed row, writes the row through, tells a channel, or adds to a stream.',
  options: redisOptions,
  patterns: [{ pattern: perTopic, doc: 'As `redis.keys`, for the records of one topic.', example: 'redis.keys.srv.public.orders' }],
  refine: (config, raw, report) => {
    const mode = config['redis.mode'];
    const [all, byTopic] = [config['redis.keys'], topicTemplates(raw, report)];
    if (all.length > 0) checkKeys(mode, 'redis.keys', all, report);
    for (const [topic, keys] of byTopic) checkKeys(mode, `redis.keys.${topic}`, keys, report);
    if ((mode === 'evict' || mode === 'write-through') && all.length === 0 && byTopic.size === 0)
      report.fault('redis.keys', `Missing required configuration "redis.keys": the mode ${mode} needs the templates of its keys.`);
    const destination = { evict: null, 'write-through': null, publish: config['redis.channel'], stream: config['redis.stream'] }[mode];
    const named = { publish: 'redis.channel', stream: 'redis.stream' } as const;
    for (const owner of ['publish', 'stream'] as const) {
      if (mode === owner && destination === null)
        report.fault(named[owner], `Missing required configuration "${named[owner]}": the mode ${owner} needs it.`);
      if (mode !== owner && config[named[owner]] !== null) report.fault(named[owner], `Only the mode ${owner} has this.`);
    }
    const ttlMs = config['redis.ttl.ms'];
    if (ttlMs === 0) report.fault('redis.ttl.ms', 'A TTL of 0 keeps nothing: set -1 for none.');
    const markerMs = config['redis.delete.marker.ms'];
    if (markerMs === 0)
      report.fault('redis.delete.marker.ms', 'Without a marker an older write would bring a deleted row back: set some time.');
    if (config['truncate.enabled']) checkTruncation(mode, [...all, ...[...byTopic.values()].flat()], raw, report);
    const length = config['redis.stream.maxlen'];
    return {
      connection: connectionSettings(config, report),
      mode,
      keysOf: topic => byTopic.get(topic) ?? all,
      templates: [...all, ...[...byTopic.values()].flat()],
      hash: config['redis.value.format'] === 'hash',
      ttlMs: ttlMs < 0 ? null : ttlMs,
      versionField: config['redis.version.field'],
      markerMs: markerMs < 0 ? null : markerMs,
      markerPrefix: config['redis.delete.marker.prefix'],
      truncates: config['truncate.enabled'],
      onIncomplete: config['redis.on.incomplete'] ?? (ttlMs > 0 ? 'evict' : 'fail'),
      onMissingBefore: config['redis.on.missing.before'],
      destination,
      streamLength: length < 0 ? null : length,
      scanCount: config['redis.scan.count'],
      batchBytesMax: config['redis.batch.bytes'],
      waitReplicas: config['redis.wait.replicas'],
      waitTimeoutMs: config['redis.wait.timeout.ms'],
      unavailable: config['unavailable.value.placeholder'],
    };
  },
});
