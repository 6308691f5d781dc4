import type { Sample, SampleName } from './samples.ts';

const width = 860;
const panelHeight = 120;
const margin = { left: 64, right: 16, top: 34, bottom: 26 };
const labelsX = 6;

type Line = { readonly name: SampleName; readonly title: string; readonly colour: string };
type Panel = { readonly title: string; readonly lines: readonly Line[] };

const panels: readonly Panel[] = [
  {
    title: 'memory, MB',
    lines: [
      { name: 'rssMb', title: 'resident', colour: '#1f5fa8' },
      { name: 'heapMb', title: 'heap in use', colour: '#c2571a' },
      { name: 'buffersMb', title: 'buffers', colour: '#6b8e23' },
    ],
  },
  { title: 'lag, ms from commit to log', lines: [{ name: 'lagMs', title: 'newest change', colour: '#1f5fa8' }] },
  { title: 'kept for the slot, MB', lines: [{ name: 'slotLagMb', title: 'write-ahead log', colour: '#1f5fa8' }] },
  { title: 'open descriptors', lines: [{ name: 'descriptors', title: 'descriptors', colour: '#1f5fa8' }] },
  { title: 'records a second', lines: [{ name: 'recordsPerSecond', title: 'records', colour: '#1f5fa8' }] },
];

/** The next of 1, 2, 5, 10, 20 ... that is not below the value. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= value) ?? value;
}

/** The samples as an SVG picture: one panel a subject, one below the other, with time in minutes. */
export function chart(samples: readonly Sample[], title: string): string {
  const endSeconds = Math.max(1, samples.at(-1)?.seconds ?? 1);
  const step = panelHeight + margin.top + margin.bottom;
  const height = 30 + panels.length * step;
  const x = (seconds: number) => margin.left + (seconds / endSeconds) * (width - margin.left - margin.right);
  const drawn = panels.map((panel, index) => drawPanel(panel, 30 + index * step));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${labelsX}" y="20" font-size="15" font-weight="bold">${title}</text>
${drawn.join('\n')}
</svg>
`;

  function drawPanel({ title: heading, lines }: Panel, top: number): string {
    const most = roundUp(Math.max(...lines.flatMap(({ name }) => samples.map(sample => sample[name]))));
    const base = top + margin.top + panelHeight;
    const y = (value: number) => base - (value / most) * panelHeight;
    const legend = lines.map(
      ({ title: text, colour }, index) => `<text x="${margin.left + 200 + index * 110}" y="${top + 24}" fill="${colour}">${text}</text>`,
    );
    const grid = [0, 0.5, 1].map(
      share =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(most * share)}" y2="${y(most * share)}" stroke="#dddddd"/>` +
        `<text x="${margin.left - 6}" y="${y(most * share) + 4}" text-anchor="end" fill="#555555">${(most * share).toLocaleString('en-US')}</text>`,
    );
    const times = [0, 0.25, 0.5, 0.75, 1].map(
      share =>
        `<text x="${x(endSeconds * share)}" y="${base + 16}" text-anchor="${share === 1 ? 'end' : 'middle'}" fill="#555555">${((endSeconds * share) / 60).toFixed(1)} min</text>`,
    );
    const paths = lines.map(
      ({ name, colour }) =>
        `<polyline fill="none" stroke="${colour}" stroke-width="1.4" points="${samples.map(sample => `${x(sample.seconds).toFixed(1)},${y(sample[name]).toFixed(1)}`).join(' ')}"/>`,
    );
    return [`<text x="${labelsX}" y="${top + 24}" font-weight="bold">${heading}</text>`, ...legend, ...grid, ...times, ...paths].join('\n');
  }
}
