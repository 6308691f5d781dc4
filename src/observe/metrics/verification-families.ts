import { type Family, unixSeconds } from './family.ts';
import type { ObservedVerification } from './observed.ts';

type Value = number | null;

function ofVerifications(name: string, help: string, of: (verification: ObservedVerification) => Value): Family {
  return {
    name,
    help,
    type: 'gauge',
    labels: ['connector', 'against'],
    samples: ({ verifications = [] }) =>
      verifications.flatMap(one => {
        const value = of(one);
        return value === null ? [] : [{ labels: { against: one.against }, value }];
      }),
  };
}

/** Of a source: how the last verification against each sink, or the log, has ended. */
export const verificationFamilies: readonly Family[] = [
  ofVerifications('sluice_verification_end_timestamp_seconds', 'When the last verification of a source’s tables ended.', one =>
    unixSeconds(one.ended_at),
  ),
  ofVerifications('sluice_verification_success', 'Whether it went to its end: 0 where it failed or was stopped.', one =>
    one.state === 'COMPLETED' ? 1 : 0,
  ),
  ofVerifications('sluice_verification_rows', 'Rows that it compared.', one => one.rows),
  {
    name: 'sluice_verification_differing_rows',
    help: 'Rows that it found to differ: missing, extra, stale or changed in the target.',
    type: 'gauge',
    labels: ['connector', 'against', 'kind'],
    samples: ({ verifications = [] }) =>
      verifications.flatMap(({ against, differing }) =>
        Object.entries(differing).map(([kind, value]) => ({ labels: { against, kind }, value })),
      ),
  },
  ofVerifications('sluice_verification_unrepaired_rows', 'Rows that differ still: those that it did not put right.', one => one.unrepaired),
];
