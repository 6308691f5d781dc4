import { type ConfigOf, type ConfigReport, configSpec, type RawConfig } from '../../src/contract/index.ts';
import { externalNaming } from './external-resources.ts';
import { type IndexNaming, indexNaming } from './index-name.ts';
import { connectionOptions } from './options-connection.ts';
import { documentOptions, topicName } from './options-documents.ts';
import { optionsWithoutEffect, refusedOptions, warnOfNoEffect } from './options-refused.ts';
import { writingOptions } from './options-writing.ts';
import type { ConnectionSettings, DocumentSettings, ElasticsearchConfig, IndexSettings } from './settings.ts';
import { tlsOptions } from './tls.ts';

const known = { ...connectionOptions, ...writingOptions, ...documentOptions };
type Config = ConfigOf<typeof known>;

function connection(config: Config, report: ConfigReport): ConnectionSettings {
  const nodes = config['connection.url'];
  const [user, password, apiKey] = [config['connection.username'], config['connection.password'], config['connection.api.key']];
  // Not where the URL is read: what is said there quotes it.
  if (nodes.some(url => url.username !== '' || url.password !== ''))
    report.fault('connection.url', 'Credentials belong into connection.username and connection.password, not into connection.url.');
  if ((user === null) !== (password === null))
    report.fault('connection.username', 'connection.username and connection.password belong together.');
  if (user !== null && apiKey !== null) report.fault('connection.api.key', 'Log in by user and password or by an API key, not by both.');
  const secure = config['elastic.security.protocol'] === 'ssl' || nodes.some(({ protocol }) => protocol === 'https:');
  return {
    nodes: secure ? nodes.map(node => new URL(node.href.replace(/^http:/, 'https:'))) : nodes,
    login: apiKey !== null ? { apiKey } : user !== null && password !== null ? { user, password } : null,
    tls: secure ? tlsOptions(config, report.fault) : null,
    compression: config['connection.compression'],
    connectMs: config['connection.timeout.ms'],
    readMs: config['read.timeout.ms'],
    idleMs: config['max.connection.idle.time.ms'] < 0 ? 600_000 : config['max.connection.idle.time.ms'],
  };
}

function documents(config: Config): DocumentSettings {
  const [keyIgnored, schemaIgnored] = [config['topic.key.ignore'], config['topic.schema.ignore']];
  return {
    keyIgnored: topic => config['key.ignore'] || keyIgnored.includes(topic),
    schemaIgnored: topic => config['schema.ignore'] || schemaIgnored.includes(topic),
    compactMaps: config['compact.map.entries'],
    onDelete: config['behavior.on.null.values'],
    truncates: config['truncate.enabled'],
    onMalformed: config['behavior.on.malformed.documents'],
    dropInvalid: config['drop.invalid.message'],
    method: config['write.method'],
    unavailable: config['unavailable.value.placeholder'],
  };
}

function naming(config: Config, report: ConfigReport): IndexNaming {
  if (config['external.resource.usage'] !== 'disabled')
    return externalNaming(config['topic.to.external.resource.mapping'], config['max.external.resource.mappings'], report);
  if (config['topic.to.external.resource.mapping'].length > 0)
    report.fault(
      'topic.to.external.resource.mapping',
      'topic.to.external.resource.mapping takes external.resource.usage=INDEX or ALIAS_INDEX.',
    );
  try {
    return indexNaming(config['index.name']);
  } catch (error) {
    report.fault('index.name', `Invalid value ${config['index.name']} for configuration index.name: ${(error as Error).message}`);
    return indexNaming(topicName);
  }
}

function indices(config: Config, report: ConfigReport): IndexSettings {
  const made = config['external.resource.usage'] === 'disabled';
  const byAlias = config['index.alias'];
  if (byAlias && !made)
    report.fault('index.alias', 'index.alias makes indices, and external.resource.usage says that they are there: choose one.');
  if (byAlias && config['write.method'] === 'upsert')
    report.fault('index.alias', 'index.alias builds indices by version, which write.method=upsert does without: choose one.');
  return {
    naming: naming(config, report),
    generation: byAlias ? config['index.generation'] : null,
    settings: config['index.settings'],
    mappings: config['index.mappings'],
    made,
    stateIndex: config['state.index'],
    deleteMarkers: config['delete.markers'] && config['write.method'] === 'insert',
    markersMs: config['delete.markers.retention.ms'] < 0 ? null : config['delete.markers.retention.ms'],
  };
}

/** What a truncation needs, so that it can tell what is older and what is another table's. */
function checkTruncation(config: Config, naming: IndexNaming, topics: readonly string[], raw: RawConfig, report: ConfigReport): void {
  if (!config['truncate.enabled']) return;
  const needs = (what: string) => report.fault('truncate.enabled', `truncate.enabled=true needs ${what}.`);
  if (config['write.method'] === 'upsert') needs('write.method=insert: partial updates have no versions to tell older documents by');
  if (!config['delete.markers']) needs('delete.markers=true: without, a replay would bring the documents back');
  if ((raw['tasks.max'] ?? '1').trim() !== '1') needs('tasks.max=1: several partitions have no order among each other');
  if (!naming.ofOneTable && !(naming.byTopicOnly && topics.length === 1))
    needs(`an index.name with \${topic} and no fields of rows: a table’s documents could not be told from others`);
}

function refine(config: Config, raw: RawConfig, report: ConfigReport): ElasticsearchConfig {
  const bytesMax = config['bulk.size.bytes'];
  const topics = (raw['topics'] ?? '')
    .split(',')
    .map(topic => topic.trim())
    .filter(topic => topic !== '');
  const found = indices(config, report);
  checkTruncation(config, found.naming, topics, raw, report);
  return {
    connection: connection(config, report),
    writing: {
      documentsMax: config['batch.size'],
      bytesMax: bytesMax < 0 ? Number.POSITIVE_INFINITY : bytesMax,
      inFlightMax: config['max.in.flight.requests'],
      retriesMax: config['max.retries'],
      backoffMs: config['retry.backoff.ms'],
      batchMsMax: config['flush.timeout.ms'],
    },
    documents: documents(config),
    indices: found,
    topics,
  };
}

/** Elasticsearch as a sink: the option names and defaults of Confluent's connector, with ours beside them. */
export const elasticsearchSpec = configSpec({
  doc: 'Keeps indices of Elasticsearch 8 and 9 in step with tables: a document a row, written at the record’s version, so that records that come again or late change nothing that is newer. Takes the options of Confluent’s Elasticsearch sink.',
  options: { ...known, ...refusedOptions, ...optionsWithoutEffect },
  check: warnOfNoEffect,
  refine,
});
