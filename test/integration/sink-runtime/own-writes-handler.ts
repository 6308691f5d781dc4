import { appendFileSync } from 'node:fs';
import { defineHandler } from '../../../sinks/handler/api.ts';

/** Appends the id of every row that is made to the file `config.append`. */
export default defineHandler<{ 'own.public.orders': { readonly id: number } }>({
  'own.public.orders': {
    onCreate: ({ after }, { config }) => appendFileSync(config['append']!, `${after.id}\n`),
  },
});
