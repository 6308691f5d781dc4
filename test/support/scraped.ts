import { until } from './until.ts';

/** One scrape of /metrics, to be asked for values. */
export class Scraped {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The value of the one sample of that name which has these labels, among others; null where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const found = this.text
      .split('\n')
      .filter(line => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && wanted.every(pair => line.includes(pair)));
    if (found.length > 1) throw new Error(`${found.length} samples of ${name} have ${wanted.join()}:\n${found.join('\n')}`);
    const text = found[0]?.slice(found[0].lastIndexOf(' ') + 1);
    return text === undefined ? null : text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
  }
}

/** Scrapes a worker once. */
export async function scrape(url: string): Promise<Scraped> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`GET /metrics: ${response.status} ${text}`);
  return new Scraped(text);
}

/** Scrapes until a metric's value is as wanted, and answers it. */
export async function untilMetric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  isWanted: (value: number) => boolean,
): Promise<number> {
  let last: number | null = null;
  const seen = async () => {
    last = (await scrape(url)).value(name, labels);
    return last !== null && isWanted(last);
  };
  await until(seen, { what: `${name}${JSON.stringify(labels)} to be as wanted`, timeoutMs: 60_000, everyMs: 50 }).catch(error => {
    throw new Error(`${error.message}; it was ${last}`);
  });
  return last!;
}
