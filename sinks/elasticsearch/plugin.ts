import type { Plugin, Sink } from '../../src/contract/index.ts';
import { elasticsearchSpec } from './options.ts';
import type { ElasticsearchConfig } from './settings.ts';
import { ElasticsearchSink } from './sink.ts';
import { ElasticsearchVerification } from './verification.ts';

/** Elasticsearch as a sink, in place of Confluent's connector. */
export const elasticsearchSink: Plugin<ElasticsearchConfig, Sink> = {
  spec: elasticsearchSpec,
  create: (config, context) => new ElasticsearchSink(config, context.logger, () => context.clock.nowMs()),
  sinkVerification: config => new ElasticsearchVerification(config),
};
