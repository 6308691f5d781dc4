import type { PgoutputHandler } from '../../../../../connectors/postgres/pgoutput/messages.ts';

/** A handler that keeps what it hears, as [method, ...arguments] without the row messages' own bytes. */
export function listener(): { readonly heard: unknown[][]; readonly handler: PgoutputHandler } {
  const heard: unknown[][] = [];
  const keep =
    (method: keyof PgoutputHandler) =>
    (...parts: unknown[]) => {
      heard.push([method, ...parts.filter(part => !Buffer.isBuffer(part))]);
    };
  const handler: PgoutputHandler = {
    begin: keep('begin'),
    commit: keep('commit'),
    origin: keep('origin'),
    relation: keep('relation'),
    type: keep('type'),
    insert: keep('insert'),
    update: keep('update'),
    delete: keep('delete'),
    truncate: keep('truncate'),
    logicalMessage: keep('logicalMessage'),
  };
  return { heard, handler };
}
