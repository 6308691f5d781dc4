/**
 * What several generators answer, as it comes; at most one answer of each waits. Ends when all have ended; a failure, or the consumer's
 * leaving, ends them all.
 */
export async function* merge<T>(generators: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const only = generators.length === 1 ? generators[0] : undefined;
  if (only) {
    yield* only;
    return;
  }
  type Answer = { readonly generator: AsyncGenerator<T>; readonly result: IteratorResult<T> };
  const ask = (generator: AsyncGenerator<T>): Promise<Answer> => {
    const answer = generator.next().then(result => ({ generator, result }));
    // One that fails while the consumer is busy elsewhere is found with the next step, or is of no interest any more.
    answer.catch(() => {});
    return answer;
  };
  const asked = new Map(generators.map(generator => [generator, ask(generator)]));
  try {
    while (asked.size > 0) {
      const { generator, result } = await Promise.race(asked.values());
      asked.delete(generator);
      if (result.done) continue;
      // Asked anew it stands last, so that one which always has an answer does not keep the others waiting.
      asked.set(generator, ask(generator));
      yield result.value;
    }
  } finally {
    // A generator waits for its own pending step before it returns.
    await Promise.allSettled(generators.map(generator => generator.return(undefined)));
  }
}
