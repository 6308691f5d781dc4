import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { defineHandler, RefusedError, RetriableError } from '../../../sinks/handler/api.ts';

type Row = { readonly id: number; readonly n: number };

/**
 * Publishes every row to the topic `out`, or appends it to the file `config.append`. Rows whose `n` is `config.refused` are refused; while the
 * file `config.away` exists nothing can be done, or, where it holds a number, nothing with the rows from that id on.
 */
export default defineHandler<{ t: Row }>({
  t: {
    onCreate({ after: { id, n } }, { publish, config }) {
      if (config['away'] !== undefined && existsSync(config['away']) && id >= Number(readFileSync(config['away'], 'utf8')))
        throw new RetriableError('The target is away.');
      if (String(n) === config['refused']) throw new RefusedError('The row is refused.');
      if (config['append'] === undefined) publish(config['out'] ?? 'out', { id }, { id, n });
      else appendFileSync(config['append'], `${id} ${n}\n`);
    },
  },
});
