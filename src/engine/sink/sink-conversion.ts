import type { Header, LogRecord, SinkRecord } from '../../contract/index.ts';
import { TransformFailure } from '../transform/transform-stages.ts';
import { type ErrorStage, sinkTaskClass } from './dead-letter.ts';
import type { ConversionPlan } from './sink-task-plan.ts';

const noHeaders: readonly Header[] = [];

/** Makes a sink's records of what lies in the log: converters, then transforms. */
export class SinkConversion {
  readonly #plan: ConversionPlan;
  #stage: ErrorStage = 'KEY_CONVERTER';

  constructor(plan: ConversionPlan) {
    this.#plan = plan;
  }

  /** Answers null where a transform drops the record. Throws SluiceError CONVERSION_FAILED or TRANSFORM_FAILED; `failedAt` then tells where. */
  convert(record: LogRecord, version: bigint): SinkRecord | null {
    const { key: keys, value: values, header, transform } = this.#plan;
    const { topic, partition, offset } = record;
    this.#stage = 'KEY_CONVERTER';
    const key = keys.deserialize(topic, record.key);
    this.#stage = 'VALUE_CONVERTER';
    const value = values.deserialize(topic, record.value);
    this.#stage = 'HEADER_CONVERTER';
    const headers =
      record.headers.length === 0
        ? noHeaders
        : record.headers.map(({ key: name, value: bytes }): Header => ({ key: name, ...header.deserializeHeader(topic, name, bytes) }));
    const converted: SinkRecord = {
      topic,
      partition,
      timestamp: record.timestampMs,
      keySchema: key.schema,
      key: key.value,
      valueSchema: value.schema,
      value: value.value,
      headers,
      place: { topic, partition, offset },
      version,
    };
    if (transform === null) return converted;
    this.#stage = 'TRANSFORMATION';
    return transform(converted);
  }

  /** Where the last call failed, in Connect's words: its stage and the class that was at work. */
  failedAt(error: unknown): { readonly stage: ErrorStage; readonly className: string } {
    const { classes } = this.#plan;
    const className = {
      KEY_CONVERTER: classes.key,
      VALUE_CONVERTER: classes.value,
      HEADER_CONVERTER: classes.header,
      TRANSFORMATION: error instanceof TransformFailure ? error.transformClass : '',
      TASK_PUT: sinkTaskClass,
    }[this.#stage];
    return { stage: this.#stage, className };
  }
}
