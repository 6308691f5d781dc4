import { percentile, type Sample, slope } from './samples.ts';

/** Of the time: what fills and compiles while it runs is left out. */
const warmUpShare = 0.2;
/** Memory is flat when the line through its samples rises by less than this share of the median, over all of the time. */
const growthMax = 0.1;
/** No change may be so late, and the server may keep no more than so much for the slot. */
const lagMsMax = 10_000;
const slotLagMbMax = 512;
/** Connections come and go; a leak goes on. */
const descriptorsMore = 3;

/** One question, with what was seen. */
export type Finding = { readonly what: string; readonly seen: string; readonly good: boolean };

/** Whether memory was flat, lag bounded and no descriptor leaked. Throws where there are too few samples to say. */
export function verdict(all: readonly Sample[]): readonly Finding[] {
  const samples = all.slice(Math.floor(all.length * warmUpShare));
  if (samples.length < 6) throw new Error(`${all.length} samples are too few for a verdict: let it run longer`);
  const seconds = samples.at(-1)!.seconds - samples[0]!.seconds;
  const third = Math.floor(samples.length / 3);
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const growthMb = slope(samples, 'rssMb') * seconds;
  const rssMb = percentile(samples, 'rssMb', 0.5);
  const heapGrowthMb = slope(samples, 'heapMb') * seconds;
  const lagMs = percentile(samples, 'lagMs', 1);
  const slotLagMb = percentile(samples, 'slotLagMb', 1);
  const [before, after] = [percentile(first, 'descriptors', 0.5), percentile(last, 'descriptors', 0.5)];
  const minutes = (seconds / 60).toFixed(1);
  const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
  return [
    {
      what: 'memory is flat',
      seen: `${rssMb.toFixed(0)} MB resident (median); the line through it ${signed(growthMb)} MB over ${minutes} minutes, that through the heap in use ${signed(heapGrowthMb)} MB`,
      good: growthMb < rssMb * growthMax,
    },
    {
      what: 'lag is bounded',
      seen: `commit to log ${percentile(samples, 'lagMs', 0.5).toFixed(0)} ms (median), ${lagMs.toFixed(0)} ms (most); the slot kept ${slotLagMb.toFixed(0)} MB (most)`,
      good: lagMs <= lagMsMax && slotLagMb <= slotLagMbMax,
    },
    {
      what: 'no descriptor leaked',
      seen: `${before} open in the first third, ${after} in the last (medians)`,
      good: after <= before + descriptorsMore,
    },
  ];
}
