import type { Operation } from './history.ts';
import { Latencies } from './latencies.ts';
import type { LoggedChange } from './reading.ts';
import { bold, changeLine, faint, grouped, say } from './screen.ts';

/** Rows of the snapshot that are shown; the rest is counted. */
const snapshotLinesMax = 8;
/** Changes shown of a run with --changes. */
const changeLinesMax = 25;
const summaryEveryMs = 5_000;

/** What the audience sees: changes as they come, and now and then how fast and how late they are. */
export class Show {
  readonly #statusUrl: string;
  /** null: all. */
  readonly #linesMax: number | null;
  readonly #summary: NodeJS.Timeout;
  #snapshotRows = 0;
  #changes = 0;
  #recent = { latencies: new Latencies(), changes: 0, sinceMs: performance.now() };

  /** `counted`: the run ends by itself, and only its first changes are shown. */
  constructor(statusUrl: string, counted: boolean) {
    this.#statusUrl = statusUrl;
    this.#linesMax = counted ? changeLinesMax : null;
    this.#summary = setInterval(() => this.#summarize(), summaryEveryMs);
  }

  add({ change, latencyMs }: LoggedChange): void {
    const isRow = change.op === ('r' satisfies Operation);
    const count = isRow ? ++this.#snapshotRows : ++this.#changes;
    const most = isRow ? snapshotLinesMax : this.#linesMax;
    if (!isRow) {
      if (latencyMs !== null) this.#recent.latencies.add(latencyMs);
      this.#recent.changes++;
    }
    if (most === null || count <= most) say(changeLine(change, latencyMs));
    else if (count === most + 1) say(faint(`       ... and so on; ${isRow ? 'the snapshot' : 'the rest'} is only counted from here`));
  }

  snapshotComplete(): void {
    say(bold(`The snapshot is complete: ${grouped(this.#snapshotRows)} rows. Now the changes, with the time from commit to log:`));
  }

  #summarize(): void {
    const { latencies, changes, sinceMs } = this.#recent;
    if (changes === 0) return;
    const nowMs = performance.now();
    const rate = Math.round((changes * 1000) / (nowMs - sinceMs));
    const lag = `lag ${latencies.text}`;
    say(bold(`-- ${grouped(this.#changes)} changes, ${grouped(rate)}/s, ${lag} --`) + faint(`  ${this.#statusUrl}`));
    this.#recent = { latencies: new Latencies(), changes: 0, sinceMs: nowMs };
  }

  end(): void {
    clearInterval(this.#summary);
  }
}
