import { BSON, type Document, Timestamp } from 'mongodb';
import type { Operation } from '../debezium/envelope.ts';
import type { StreamPosition } from './position.ts';

/** What a change stream watches and how it tells it: `capture.*`, `cursor.*`, `skipped.operations`. */
export type CaptureSettings = {
  readonly scope:
    | { readonly kind: 'deployment' }
    | { readonly kind: 'database'; readonly database: string }
    | { readonly kind: 'collection'; readonly database: string; readonly collection: string };
  /** null: updates come without the document. */
  readonly fullDocument: 'updateLookup' | 'whenAvailable' | null;
  readonly preImages: boolean;
  /** `capture.start.op.time`; null: not set. */
  readonly startAtOperationTime: bigint | null;
  readonly userStages: readonly Document[];
  readonly stageOrder: 'internal_first' | 'user_first' | 'user_only';
  readonly oversize: 'fail' | 'skip' | 'split';
  readonly oversizeThreshold: number;
  readonly skippedOperations: ReadonlySet<Operation>;
  /** Stages that leave out what is not captured, as far as the server can tell. */
  readonly prefilter: Document | null;
};

/** The database that a change stream's command goes to, and the collection (1: all). */
export function streamTarget({ scope }: CaptureSettings): { readonly database: string; readonly aggregate: string | 1 } {
  switch (scope.kind) {
    case 'deployment':
      return { database: 'admin', aggregate: 1 };
    case 'database':
      return { database: scope.database, aggregate: 1 };
    default:
      return { database: scope.database, aggregate: scope.collection };
  }
}

const operations: readonly (readonly [op: Operation, types: readonly string[]])[] = [
  ['c', ['insert']],
  ['u', ['update', 'replace']],
  ['d', ['delete']],
];

/** Debezium's own stages (ChangeStreamPipelineFactory). */
function internalStages({ skippedOperations, prefilter }: CaptureSettings): readonly Document[] {
  const types = operations.flatMap(([op, names]) => (skippedOperations.has(op) ? [] : names));
  const wanted = { operationType: { $in: types } };
  return [{ $match: prefilter === null ? wanted : { $and: [wanted, prefilter] } }];
}

function orderedStages(settings: CaptureSettings): readonly Document[] {
  const [own, internal] = [settings.userStages, internalStages(settings)];
  if (settings.stageOrder === 'user_only') return own;
  return settings.stageOrder === 'user_first' ? [...own, ...internal] : [...internal, ...own];
}

function sizeStages({ oversize, oversizeThreshold }: CaptureSettings): readonly Document[] {
  if (oversize !== 'skip') return [];
  const within = (field: string) => ({ $expr: { $lte: [{ $bsonSize: field }, oversizeThreshold] } });
  return [{ $match: { $and: [within('$fullDocument'), within('$fullDocumentBeforeChange')] } }];
}

/**
 * The `aggregate` command that opens the stream behind a position; null: where the server is now. It starts after the token in place of
 * resuming at it, since that is also possible behind the end of a stream whose collection was dropped.
 */
export function changeStreamCommand(settings: CaptureSettings, position: StreamPosition | null, batchSize: number): Document {
  const { scope, fullDocument, preImages, startAtOperationTime, oversize } = settings;
  const from = startOf(position, startAtOperationTime);
  const stage = {
    ...(scope.kind === 'deployment' ? { allChangesForCluster: true } : {}),
    ...(fullDocument === null ? {} : { fullDocument }),
    ...(preImages ? { fullDocumentBeforeChange: 'whenAvailable' } : {}),
    ...from,
  };
  return {
    aggregate: streamTarget(settings).aggregate,
    pipeline: [
      { $changeStream: stage },
      ...sizeStages(settings),
      ...orderedStages(settings),
      ...(oversize === 'split' ? [{ $changeStreamSplitLargeEvent: {} }] : []),
    ],
    cursor: { batchSize },
  };
}

function startOf(position: StreamPosition | null, startAtOperationTime: bigint | null): Document {
  if (position?.token) return { startAfter: BSON.deserialize(position.token) };
  if (position?.clusterTime) {
    const { seconds, increment } = position.clusterTime;
    return { startAtOperationTime: new Timestamp({ t: seconds, i: increment }) };
  }
  return startAtOperationTime === null ? {} : { startAtOperationTime: new Timestamp(startAtOperationTime) };
}
