/**
 * Runs the items of each lane one after the other, at most `concurrency` lanes at a time, begun in their order. After the first `run` that
 * rejects, no further item is begun; when those that run have ended, its error is thrown.
 */
export async function runLanes<T>(
  lanes: readonly (readonly T[])[],
  concurrency: number,
  run: (item: T) => Promise<void> | void,
): Promise<void> {
  const waiting = lanes.values();
  let failure: { readonly error: unknown } | null = null;
  const worker = async () => {
    for (const lane of waiting) {
      for (const item of lane) {
        if (failure) return;
        try {
          const running = run(item);
          if (running) await running;
        } catch (error) {
          failure ??= { error };
          return;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, lanes.length) }, worker));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}
