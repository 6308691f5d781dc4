import { BSON, type Document } from 'mongodb';
import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../src/contract/index.ts';
import type { Operation } from '../debezium/envelope.ts';
import type { CaptureSettings } from './change-stream-command.ts';
import { parseNamespace } from './collection-id.ts';
import type { Dialect, JsonForm } from './json/extended-json.ts';

const group = 'Capture';

/** Reads extended JSON without losing a type. */
export function parseExtendedJson(text: string): unknown {
  return BSON.EJSON.parse(text, { relaxed: false });
}

function stages(text: string): readonly Document[] {
  if (text.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = parseExtendedJson(text);
  } catch {
    throw new Error('it must be a JSON array of stages');
  }
  if (!Array.isArray(parsed) || parsed.some(stage => stage === null || typeof stage !== 'object'))
    throw new Error('it must be a JSON array of stages');
  return parsed as readonly Document[];
}

/** `capture.*`, `cursor.*`: what the change stream tells, and how documents are written. */
export const captureOptions = {
  'capture.mode': options.choice(
    ['change_streams', 'change_streams_update_full', 'change_streams_with_pre_image', 'change_streams_update_full_with_pre_image'],
    {
      default: 'change_streams_update_full',
      doc: 'Whether updates hold the document as it is afterwards (update_full), and updates and deletes the document as it was before (pre_image; the collection needs changeStreamPreAndPostImages).',
      importance: 'MEDIUM',
      group,
      displayName: 'Capture mode',
    },
  ),
  'capture.mode.full.update.type': options.choice(['lookup', 'post_image'], {
    default: 'lookup',
    doc: 'Where an update’s document comes from: looked up when the change is read (it may be newer than the change), or from the post-images that the server kept.',
    importance: 'MEDIUM',
    group,
    displayName: 'Capture mode full update type',
  }),
  'capture.scope': options.choice(['deployment', 'database', 'collection'], {
    default: 'deployment',
    doc: 'What one change stream watches. Narrower scopes need fewer rights.',
    importance: 'MEDIUM',
    group,
    displayName: 'Capture scope',
  }),
  'capture.target': options.string({
    default: null,
    doc: 'The database, or database.collection, that capture.scope narrows to.',
    importance: 'MEDIUM',
    group,
    displayName: 'Capture target',
  }),
  'capture.start.op.time': options.parsed(
    'LONG',
    {
      default: '-1',
      doc: 'Where streaming starts without a snapshot and without an offset: a BSON timestamp (seconds shifted left by 32 bits, plus the increment); -1: now.',
      importance: 'LOW',
      group,
      displayName: 'Capture from operation time',
    },
    (text): bigint | null => {
      if (!/^-?\d+$/.test(text.trim())) throw new Error('Not a number of type LONG');
      const value = BigInt(text);
      return value === -1n ? null : BigInt.asUintN(64, value);
    },
  ),
  'json.serialization.mode': options.choice(['legacy', 'strict', 'extended', 'relaxed'], {
    default: 'legacy',
    doc: 'Extended JSON of documents: version 1 with updated fields in version 2 relaxed (legacy), version 1 (strict), version 2 canonical (extended) or relaxed.',
    importance: 'MEDIUM',
    group,
    displayName: 'JSON serialization mode',
  }),
  'cursor.max.await.time.ms': options.int({
    default: '0',
    min: 0,
    doc: 'Milliseconds that the server waits for a change before it answers that there is none; 0: a second.',
    importance: 'LOW',
    group,
    displayName: 'Server’s oplog streaming cursor max await time',
  }),
  'cursor.pipeline': options.parsed(
    'STRING',
    {
      default: '',
      doc: 'Stages of the aggregation pipeline that change events go through, as a JSON array.',
      importance: 'LOW',
      group,
      displayName: 'Pipeline stages applied to the change stream cursor',
    },
    stages,
  ),
  'cursor.pipeline.order': options.choice(['internal_first', 'user_first', 'user_only'], {
    default: 'internal_first',
    doc: 'Whether the connector’s own stages come before those of cursor.pipeline, after them, or not at all.',
    importance: 'LOW',
    group,
    displayName: 'Change stream cursor pipeline order',
  }),
  'cursor.oversize.handling.mode': options.choice(['fail', 'skip', 'split'], {
    default: 'fail',
    doc: 'What happens to a change event above 16 MB: the task fails, events whose documents exceed cursor.oversize.skip.threshold are left out by the server, or it comes in parts that are put together here.',
    importance: 'MEDIUM',
    group,
    displayName: 'Oversize document handling mode',
  }),
  'cursor.oversize.skip.threshold': options.int({
    default: '0',
    min: 0,
    doc: 'Bytes of a document, before or after the change, above which its event is left out.',
    importance: 'MEDIUM',
    group,
    displayName: 'Oversize document skip threshold',
  }),
};

/** What goes together. */
export function checkCapture(raw: RawConfig, report: ConfigReport): void {
  const scope = (raw['capture.scope'] ?? 'deployment').trim().toLowerCase();
  const target = raw['capture.target']?.trim() ?? '';
  if (scope !== 'deployment' && target === '') report.fault('capture.target', `capture.target is required with capture.scope=${scope}`);
  if (scope === 'collection' && target !== '' && parseNamespace(target) === null)
    report.fault('capture.target', 'capture.target must be database.collection with capture.scope=collection');
  const skips = (raw['cursor.oversize.handling.mode'] ?? '').trim().toLowerCase() === 'skip';
  if (skips && !(Number(raw['cursor.oversize.skip.threshold'] ?? 0) > 0))
    report.fault(
      'cursor.oversize.skip.threshold',
      'cursor.oversize.skip.threshold must be more than 0 with cursor.oversize.handling.mode=skip',
    );
}

export function readCapture(
  config: ConfigOf<typeof captureOptions>,
  skippedOperations: ReadonlySet<Operation>,
  prefilter: Document | null,
): CaptureSettings {
  const mode = config['capture.mode'];
  const lookup = config['capture.mode.full.update.type'] === 'post_image' ? 'whenAvailable' : 'updateLookup';
  return {
    scope: readScope(config),
    fullDocument: mode.includes('update_full') ? lookup : null,
    preImages: mode.includes('pre_image'),
    startAtOperationTime: config['capture.start.op.time'],
    userStages: config['cursor.pipeline'],
    stageOrder: config['cursor.pipeline.order'],
    oversize: config['cursor.oversize.handling.mode'],
    oversizeThreshold: config['cursor.oversize.skip.threshold'],
    skippedOperations,
    prefilter,
  };
}

function readScope(config: ConfigOf<typeof captureOptions>): CaptureSettings['scope'] {
  const target = config['capture.target'] ?? '';
  const parsed = parseNamespace(target);
  if (config['capture.scope'] === 'database') return { kind: 'database', database: target };
  return config['capture.scope'] === 'collection' && parsed !== null ? { kind: 'collection', ...parsed } : { kind: 'deployment' };
}

/** How documents and updated fields are written. `legacy` differs in the blanks too: its updated fields come as BsonDocument.toJson writes them. */
export function readForms(mode: ConfigOf<typeof captureOptions>['json.serialization.mode']): { document: JsonForm; update: JsonForm } {
  if (mode === 'legacy') return { document: { dialect: 'strict', compact: true }, update: { dialect: 'relaxed', compact: false } };
  const form: JsonForm = { dialect: mode satisfies Dialect, compact: true };
  return { document: form, update: form };
}
