import { Cluster, type Redis } from 'ioredis';
import { SluiceError } from '../../src/contract/index.ts';
import { clusterSlot } from './cluster-slot.ts';
import type { Client, Connection } from './connection.ts';
import { isReply, targetError, throwIfStopped } from './redis-error.ts';
import type { Script } from './scripts.ts';

/** One command. `key`: any of its keys, all of which share a slot; null where it has none. */
export type Command = { readonly name: string; readonly args: readonly string[]; readonly key: string | null; readonly script?: Script };

/** What a command came to: its reply, or WRONGTYPE, which is about its keys alone. Every other error ends the whole batch. */
export type Outcome = { readonly reply: unknown } | { readonly wrongType: true };

/** What one write works with. */
export type Session = {
  readonly client: Client;
  readonly connection: Connection;
  readonly batchBytesMax: number;
  /** In a replay: what stands at a record's own version is written over. */
  readonly again: boolean;
  readonly abort: AbortSignal;
};

/** Of a command in the protocol's form, about. */
const argumentOverheadBytes = 8;
/** Most commands sent before their answers are waited for. */
const commandsMax = 5_000;

/** The command that runs a script with these keys, all in one slot, and arguments. */
export function scriptCommand(script: Script, keys: readonly string[], args: readonly string[]): Command {
  return { name: 'EVALSHA', args: [script.sha1, String(keys.length), ...keys, ...args], key: keys[0]!, script };
}

/**
 * Sends commands, those of one key in their order, and resolves with what each came to. At most `batchBytesMax` bytes (or one command) are
 * on their way at a time. Throws TARGET_UNAVAILABLE or TARGET_REFUSED; any of the commands may have been carried out then.
 */
export async function send(session: Session, commands: readonly Command[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let start = 0;
  while (start < commands.length) {
    let bytes = 0;
    let end = start;
    while (end < commands.length && end - start < commandsMax) {
      bytes += bytesOf(commands[end]!);
      if (end > start && bytes > session.batchBytesMax) break;
      end++;
    }
    outcomes.push(...(await sendChunk(session, start === 0 && end === commands.length ? commands : commands.slice(start, end))));
    start = end;
  }
  return outcomes;
}

function bytesOf({ args }: Command): number {
  let bytes = argumentOverheadBytes;
  for (const arg of args) bytes += arg.length + argumentOverheadBytes;
  return bytes;
}

async function sendChunk(session: Session, commands: readonly Command[]): Promise<readonly Outcome[]> {
  const outcomes = new Array<Outcome>(commands.length);
  const unknownScripts: number[] = [];
  await Promise.all(
    groups(session.client, commands).map(async indices => {
      const results = await execute(
        session,
        indices.map(index => commands[index]!),
      );
      for (const [at, index] of indices.entries()) {
        const result = results[at]!;
        if (result instanceof Error && result.message.startsWith('NOSCRIPT')) unknownScripts.push(index);
        else outcomes[index] = outcomeOf(session, commands[index]!, result);
      }
    }),
  );
  if (unknownScripts.length === 0) return outcomes;
  // A server forgets its scripts when it restarts, and a new master never had them. EVAL has the text, and the server keeps it.
  const whole = unknownScripts.map(index => withText(commands[index]!));
  const again = await sendChunk(session, whole);
  for (const [at, index] of unknownScripts.entries()) outcomes[index] = again[at]!;
  return outcomes;
}

function withText(command: Command): Command {
  return { name: 'EVAL', args: [command.script!.text, ...command.args.slice(1)], key: command.key };
}

function outcomeOf({ connection }: Session, { name }: Command, result: unknown): Outcome {
  if (!(result instanceof Error)) return { reply: result };
  if (isReply(result) && result.message.startsWith('WRONGTYPE')) return { wrongType: true };
  throw targetError(result, connection.target, name === 'EVAL' || name === 'EVALSHA' ? 'a write by script' : name);
}

/** The commands by the node that has their slot, as indices; one group where there is one server. */
function groups(client: Client, commands: readonly Command[]): readonly (readonly number[])[] {
  if (!(client instanceof Cluster)) return [commands.map((_, index) => index)];
  const byNode = new Map<string, number[]>();
  for (const [index, { key }] of commands.entries()) {
    const node = key === null ? '' : (client.slots[clusterSlot(key)] ?? []).join();
    const group = byNode.get(node);
    if (group) group.push(index);
    else byNode.set(node, [index]);
  }
  return [...byNode.values()];
}

/** One pipeline to one node: a reply or a reply's error each. Throws where the connection was lost. */
async function execute({ client, connection, abort }: Session, commands: readonly Command[]): Promise<readonly unknown[]> {
  throwIfStopped(abort);
  const stop = () => connection.close();
  abort.addEventListener('abort', stop, { once: true });
  try {
    const pipeline = client.pipeline();
    for (const { name, args } of commands) pipeline.call(name, ...args);
    const results = (await pipeline.exec()) ?? [];
    if (results.length !== commands.length) throw new Error('fewer answers than commands');
    const lost = results.find(([error]) => error !== null && !isReply(error));
    if (lost) throw lost[0]!;
    return results.map(([error, reply]) => error ?? reply);
  } catch (error) {
    throwIfStopped(abort);
    throw targetError(error as Error, connection.target, 'a batch');
  } finally {
    abort.removeEventListener('abort', stop);
  }
}

/** The servers that write: the one, or the masters of the cluster. */
export function masters(client: Client): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** Waits until so many replicas of each server have what was written. Throws TARGET_UNAVAILABLE where fewer do in time. */
export async function waitForReplicas({ client, connection, abort }: Session, replicas: number, timeoutMs: number): Promise<void> {
  if (replicas === 0) return;
  for (const server of masters(client)) {
    throwIfStopped(abort);
    const reached = await server.wait(replicas, timeoutMs).catch((error: Error) => {
      throw targetError(error, connection.target, 'WAIT');
    });
    if (reached < replicas) {
      throw new SluiceError(
        'TARGET_UNAVAILABLE',
        `${reached} of ${replicas} replicas of Redis at ${connection.target} had the batch after ${timeoutMs} ms (redis.wait.replicas).`,
      );
    }
  }
}
