import type { Converter, PluginContext, Sink, SinkVerification } from '../../contract/index.ts';
import type { ConversionPlan, DeadLetterSettings, SinkErrorPolicy } from './sink-task-plan.ts';

/** What is asked of a sink's connector as a whole, beside its tasks: its offsets, its dead letters. */
export type SinkPlan = {
  readonly group: string;
  readonly topics: readonly string[] | RegExp;
  readonly deadLetters: DeadLetterSettings | null;
  readonly errors: SinkErrorPolicy;
  readonly producerOverrides: Readonly<Record<string, string>>;
  /** The longest pause while the target is away. */
  readonly retryDelayMsMax: number;
  /** A converter of the records' keys, beside those of the tasks. */
  keyConverter(context: PluginContext): Converter;
  /** A sink and converters of its own, beside those of the tasks. The caller disposes of the sink. */
  createBeside(context: PluginContext): { readonly sink: Sink; readonly conversion: ConversionPlan };
  /** What looks at what the sink holds, for a verification; null where the class has no such thing. The caller disposes of it. */
  verification?(context: PluginContext): SinkVerification | null;
};
