/**
 * How long a server may say nothing to who waits for it, and then to the question whether it is still there. Together the bound within
 * which a network that died without a word is noticed: `checks` times `everyMs` (one more at worst), and `answerMsMax`.
 */
const defaultTimings = { everyMs: 5_000, checks: 3, answerMsMax: 10_000 } as const;
export type LivenessTimings = { readonly everyMs: number; readonly checks: number; readonly answerMsMax: number };

/** Why a connection was broken off, in the words that every wait for a server has for it. */
export function nothingCameFor(waitedMs: number): string {
  return `nothing has come from the server for ${Math.round(waitedMs / 1000)} s`;
}

/** Something that waits for a server: a stream, or rows that are being read. */
export type Listener = {
  /** It waits now; a listener that holds the server back itself hears nothing by right (invariant 6). */
  readonly waiting: boolean;
  /** Grows with everything that is heard. */
  readonly heard: number;
};

/** A connection whose server may be silent for long. */
export type WatchedConnection = {
  /** null: nobody waits. */
  readonly listener: () => Listener | null;
  /** Asks the server, on another connection, whether it still serves this one. Rejects where it cannot be asked. */
  readonly ask: () => Promise<boolean>;
  /** Closes it: who waits is refused with that reason. */
  readonly breakOff: (reason: Error) => void;
};

/**
 * Watches a connection whose server may rightly be silent for long (no changes, a large sort, a lock), and may as well have been lost with the
 * network: TCP tells of that after a quarter of an hour, and behind a proxy never. After a while of silence the server is asked, and again after
 * each further one, whether it is still at it. Where it is not, or nobody answers, the connection is broken off, which its listener finds as a lost
 * one. Until it is disposed of.
 */
export function watchLiveness(
  { listener, ask, breakOff }: WatchedConnection,
  { everyMs, checks, answerMsMax }: LivenessTimings = defaultTimings,
): Disposable {
  let heard = -1;
  let silentChecks = 0;
  let asking = false;
  let ended = false;
  const question = async () => {
    const heardBefore = heard;
    const bound = Promise.withResolvers<string>();
    const timer = setTimeout(() => bound.resolve('and it does not answer'), answerMsMax);
    const answer = ask()
      .then(serves => (serves ? null : 'and it knows nothing of this connection any more'))
      .catch((error: Error) => `and it cannot be asked (${error.message})`);
    const lost = await Promise.race([answer, bound.promise]);
    clearTimeout(timer);
    if (ended || lost === null || listener()?.heard !== heardBefore) return;
    breakOff(new Error(`${nothingCameFor(silentChecks * everyMs)}, ${lost}`));
  };
  const check = () => {
    const now = listener();
    if (!now?.waiting || now.heard !== heard) {
      heard = now?.heard ?? -1;
      silentChecks = 0;
      return;
    }
    silentChecks++;
    if (silentChecks % checks !== 0 || asking) return;
    asking = true;
    void question().finally(() => {
      asking = false;
    });
  };
  const timer = setInterval(check, everyMs);
  return {
    [Symbol.dispose]() {
      ended = true;
      clearInterval(timer);
    },
  };
}
