// What the three services have in common: a file of their own, in which each command is carried out once, by its idempotency key.
import { DatabaseSync } from 'node:sqlite';
import type { CreateEvent, HandlerContext } from 'sluice/handler';

/** A command as a saga sends it: its payload, with its type and its idempotency key in the headers. */
export type Command = { readonly orderId: string };

/** What is answered: a topic, and what the reply tells beside the order's id. null: nothing. */
export type Reply = { readonly topic: string; readonly data?: Readonly<Record<string, unknown>> } | null;

/** One file each, for as long as the worker runs. */
const files = new Map<string, DatabaseSync>();

const handled = 'create table if not exists handled (key text primary key, reply text not null)';

export function serviceFile({ config }: HandlerContext, layout: string): DatabaseSync {
  const path = config['file'];
  if (!path) throw new Error('handler.config.file is missing');
  let file = files.get(path);
  if (!file) {
    file = new DatabaseSync(path, { timeout: 1000 });
    file.exec(`pragma journal_mode = wal; ${handled}; ${layout}`);
    files.set(path, file);
  }
  return file;
}

export const typeOf = <Row extends Command>({ headers }: CreateEvent<Row>): string => String(headers['type']);

/** Carries a command out where that was not done before, and answers it: the same however often it comes. */
export function answerOnce<Row extends Command>(
  file: DatabaseSync,
  event: CreateEvent<Row>,
  context: HandlerContext,
  effect: () => Reply,
): void {
  const key = String(event.headers['idempotencyKey']);
  const { orderId } = event.after;
  const known = file.prepare('select reply from handled where key = ?').get(key);
  let reply: Reply;
  if (known) reply = JSON.parse(String(known['reply'])) as Reply;
  else {
    file.exec('begin immediate');
    try {
      reply = effect();
      file.prepare('insert into handled values (?, ?)').run(key, JSON.stringify(reply));
      file.exec('commit');
    } catch (error) {
      file.exec('rollback');
      throw error;
    }
  }
  if (reply !== null) context.publish(reply.topic, orderId, { orderId, ...reply.data }, { headers: { idempotencyKey: key } });
}
