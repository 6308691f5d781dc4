import type { PluginContext, SourceVerification, Transform } from '../../contract/index.ts';
import type { RecordConverters } from '../batch-serializer.ts';
import type { VerificationSchedule } from '../verification/schedule-options.ts';

/** What makes bytes of a source's records: the connector's chain (null where it has none), then its converters. */
export type SourceConversion = RecordConverters & { readonly transform: Transform | null };

/** What is asked of a source's connector as a whole, beside its task. */
export type SourcePlan = {
  /** Of verifications that begin by themselves; null or left out: there are none. */
  readonly schedule?: VerificationSchedule | null;
  /** A chain and converters of its own, beside those of the task. */
  conversion(context: PluginContext): SourceConversion;
  /** What reads its tables for a verification; null where the class has no such thing. The caller disposes of it. */
  verification(context: PluginContext): SourceVerification | null;
};
