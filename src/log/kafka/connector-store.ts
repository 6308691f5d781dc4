import type { ConnectorStore, SourceOffset, StoredConnector, StoredStates, TargetState } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { CompactedTopic } from './compacted-topic.ts';
import { configRecords, statusRecords } from './connect-records.ts';
import { ConfigView, StatusView } from './connector-views.ts';
import { InternalWriter } from './internal-writer.ts';
import type { KafkaLogConfig } from './log-config.ts';
import type { OffsetStore } from './offset-store.ts';

const never = new AbortController().signal;
/** Less than any generation of a Connect cluster: its workers may overwrite what we wrote. */
const generation = 0;
/** Tasks of a connector whose producers are fenced before its offsets are altered. */
const tasksFencedMax = 1000;

/** How the store reaches the tasks' producers. */
export type OffsetWriting = {
  /** Fences the task's owner, here and elsewhere. */
  fence(connector: string, task: number): Promise<void>;
  /** Replaces offsets as the connector's task 0. */
  replace(connector: string, offsets: readonly SourceOffset[]): Promise<void>;
};

/** Connect's own topics. Every answer is read from the topic's end, so it holds what any worker wrote before. */
export class KafkaConnectorStore implements ConnectorStore, AsyncDisposable {
  readonly #config: KafkaLogConfig;
  readonly #offsets: OffsetStore;
  readonly #offsetWriting: OffsetWriting;
  readonly #writer: InternalWriter;
  readonly #configView = new ConfigView();
  readonly #statusView = new StatusView();
  readonly #configTopic: CompactedTopic;
  readonly #statusTopic: CompactedTopic;

  constructor(cluster: Cluster, config: KafkaLogConfig, offsets: OffsetStore, offsetWriting: OffsetWriting) {
    this.#config = config;
    this.#offsets = offsets;
    this.#offsetWriting = offsetWriting;
    this.#writer = new InternalWriter(cluster);
    this.#configTopic = new CompactedTopic(cluster, config.configStorage.topic, this.#configView);
    this.#statusTopic = new CompactedTopic(cluster, config.statusStorage.topic, this.#statusView);
  }

  async list(): Promise<readonly StoredConnector[]> {
    await this.#configTopic.readToEnd(never);
    return this.#configView.connectors();
  }

  async putConfig(name: string, config: Readonly<Record<string, string>>, targetState?: TargetState): Promise<void> {
    await this.#configTopic.readToEnd(never);
    // The target state first, as Connect does: whoever reads the config must not start what is to be stopped.
    const records = targetState === undefined ? [] : [configRecords.targetState(name, targetState)];
    records.push(configRecords.config(name, config));
    // Task configs that Connect left belong to an older config: without them a Connect worker that takes over makes new ones.
    if (this.#configView.committedTasks(name) > 0) records.push(configRecords.commit(name, 0));
    await this.#writer.write(this.#configTopic.topic, records);
  }

  async putTargetState(name: string, state: TargetState): Promise<void> {
    await this.#writer.write(this.#configTopic.topic, [configRecords.targetState(name, state)]);
  }

  async remove(name: string): Promise<void> {
    await this.#writer.write(this.#configTopic.topic, [configRecords.config(name, null), configRecords.targetState(name, null)]);
    await this.#statusTopic.readToEnd(never);
    const states = this.#statusView.subjects(name).map(task => statusRecords.state(name, task, null));
    const topics = this.#statusView.topics(name).map(topic => statusRecords.topic(name, topic, null));
    await this.#writer.write(this.#statusTopic.topic, [...states, ...topics]);
  }

  async offsets(name: string): Promise<readonly SourceOffset[]> {
    return (await this.#offsets.read(name, never)).map(({ partition, offset }) => ({ partition, offset }));
  }

  async alterOffsets(name: string, offsets: readonly SourceOffset[]): Promise<void> {
    await this.#configTopic.readToEnd(never);
    const tasks = Math.min(tasksFencedMax, this.#configView.tasks(name));
    for (let task = 1; task < tasks; task++) await this.#offsetWriting.fence(name, task);
    // Writing as task 0 fences that one.
    await this.#offsetWriting.replace(name, offsets);
  }

  async activeTopics(name: string): Promise<readonly string[]> {
    await this.#statusTopic.readToEnd(never);
    return this.#statusView.topics(name);
  }

  async addActiveTopics(name: string, topics: readonly string[]): Promise<void> {
    const known = new Set(await this.activeTopics(name));
    const discovered = { task: 0, timestampMs: Date.now() };
    const records = topics.filter(topic => !known.has(topic)).map(topic => statusRecords.topic(name, topic, discovered));
    await this.#writer.write(this.#statusTopic.topic, records);
  }

  async resetActiveTopics(name: string): Promise<void> {
    const records = (await this.activeTopics(name)).map(topic => statusRecords.topic(name, topic, null));
    await this.#writer.write(this.#statusTopic.topic, records);
  }

  async putStatus(
    name: string,
    task: number | null,
    { state, trace, claims = false }: { readonly state: string; readonly trace: string | null; readonly claims?: boolean },
  ): Promise<void> {
    const { workerId } = this.#config;
    if (!claims) {
      await this.#statusTopic.readToEnd(never);
      const last = this.#statusView.state(name, task);
      if (last !== null && last.workerId !== workerId) return;
    }
    const record = statusRecords.state(name, task, { state, trace, workerId, generation });
    await this.#writer.write(this.#statusTopic.topic, [record]);
  }

  /** What all workers last told of their connectors, by name. */
  async states(): Promise<ReadonlyMap<string, StoredStates>> {
    await this.#statusTopic.readToEnd(never);
    return this.#statusView.all();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
