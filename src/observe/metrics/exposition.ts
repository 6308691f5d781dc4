import type { HistogramView } from './histogram.ts';

export type Labels = Readonly<Record<string, string>>;
export type Sample = { readonly labels: Labels; readonly value: number | HistogramView };
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'untyped';

/** A family of samples in Prometheus' text format (version 0.0.4), ended by a line feed. Without samples it is not mentioned. */
export function exposition(name: string, type: MetricType, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
  for (const { labels, value } of samples) {
    if (typeof value === 'number') lines.push(`${name}${labelsText(labels)} ${numberText(value)}`);
    else lines.push(...histogramLines(name, labels, value));
  }
  return `${lines.join('\n')}\n`;
}

/** Buckets count all that is no greater than their bound, so each holds those before it. */
function histogramLines(name: string, labels: Labels, { bounds, counts, sum }: HistogramView): readonly string[] {
  const lines: string[] = [];
  let below = 0;
  for (let index = 0; index <= bounds.length; index++) {
    below += counts[index] ?? 0;
    const le = numberText(bounds[index] ?? Number.POSITIVE_INFINITY);
    lines.push(`${name}_bucket${labelsText({ ...labels, le })} ${below}`);
  }
  lines.push(`${name}_sum${labelsText(labels)} ${numberText(sum)}`, `${name}_count${labelsText(labels)} ${below}`);
  return lines;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
