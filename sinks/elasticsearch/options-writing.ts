import { options } from '../../src/contract/index.ts';

const group = 'Writing';

/** How much is written at once and what is done when it does not go through. Names and defaults are those of Confluent's connector. */
export const writingOptions = {
  'batch.size': options.int({
    default: '2000',
    min: 1,
    max: 1_000_000,
    doc: 'Most documents of one bulk request.',
    group,
    displayName: 'Batch Size',
  }),
  'bulk.size.bytes': options.long({
    default: '5242880',
    min: -1,
    max: 2_147_483_647,
    doc: 'Most bytes of one bulk request, of which it always holds at least one document; -1: no such limit.',
    importance: 'LOW',
    group,
    displayName: 'Bulk Size (bytes)',
  }),
  'max.in.flight.requests': options.int({
    default: '5',
    min: 1,
    max: 1000,
    doc: 'Most bulk requests on the way at the same time. A key’s records never are in two of them.',
    group,
    displayName: 'Max In-flight Requests',
  }),
  'max.retries': options.int({
    default: '5',
    min: 0,
    doc: 'How often a request, or the documents that an overloaded server turned away, are sent again before the task says RETRYING and begins the batch anew.',
    importance: 'LOW',
    group,
    displayName: 'Max Retries',
  }),
  'retry.backoff.ms': options.long({
    default: '100',
    min: 0,
    max: 86_400_000,
    doc: 'The wait before the first of those; each further one is twice as long, up to a minute.',
    importance: 'LOW',
    group,
    displayName: 'Retry Backoff (ms)',
  }),
  'flush.timeout.ms': options.long({
    default: '180000',
    min: 1000,
    max: 604_800_000,
    doc: 'How long a batch may take in all; past it the task says RETRYING and begins the batch anew.',
    importance: 'LOW',
    group,
    displayName: 'Flush Timeout (ms)',
  }),
};
