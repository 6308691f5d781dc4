import { appendFileSync, readFileSync } from 'node:fs';
import { defineHandler, RefusedError, RetriableError } from '../../../sinks/handler/api.ts';

type Row = { readonly id: number; readonly n: number };

/** The id from which on nothing can be done; null where all can. The file may go at any moment. */
function awayFrom(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Publishes every row to the topic `out`, or appends it to the file `config.append`. Rows whose `n` is `config.refused` are refused; while the
 * file `config.away` exists nothing can be done, or, where it holds a number, nothing with the rows from that id on.
 */
export default defineHandler<{ t: Row }>({
  t: {
    onCreate({ after: { id, n } }, { publish, config }) {
      const from = config['away'] === undefined ? null : awayFrom(config['away']);
      if (from !== null && id >= from) throw new RetriableError('The target is away.');
      if (String(n) === config['refused']) throw new RefusedError('The row is refused.');
      if (config['append'] === undefined) publish(config['out'] ?? 'out', { id }, { id, n });
      else appendFileSync(config['append'], `${id} ${n}\n`);
    },
  },
});
