import { SluiceError } from '../../src/contract/index.ts';

/** Replies that may heal by themselves: a failover, a restart, a full memory, a script of somebody else that runs too long. */
const passing =
  /^(LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|OOM|MISCONF|NOREPLICAS|MOVED|ASK|UNBLOCKED|-?IOERR|ERR max number of clients|ERR wrong number of keys in slot)\b/;

/** Replies that say who we are not, or what we may not. */
const refusals =
  /^(NOAUTH|WRONGPASS|NOPERM|DENIED|NOPROTO|ERR (AUTH|invalid password|Client sent AUTH|unknown command|This instance has cluster))/i;

/** Failures of TLS that no waiting mends: what Node reports of certificates, by code. */
const certificateCode = /^(CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_TLS_|ERR_SSL_|ERR_OSSL|HOSTNAME_MISMATCH)/;

/** Whether the server itself answered with an error, rather than the connection having failed. */
export function isReply(error: Error): boolean {
  return error.name === 'ReplyError';
}

/** The first word of a reply: its kind. What follows may quote keys, so only this and the known texts are told. */
function kindOf(error: Error): string {
  return /^[A-Z][A-Z0-9]*/.exec(error.message)?.[0] ?? 'ERR';
}

/**
 * An error of the client as one of the catalogue: TARGET_UNAVAILABLE for what may heal by itself, TARGET_REFUSED for what somebody must
 * mend. `doing` completes `Redis at HOST ... while`; no reply's text is told that may hold a key (invariant 8).
 */
export function targetError(error: Error, target: string, doing: string): SluiceError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (refusals.test(error.message)) {
    return new SluiceError('TARGET_REFUSED', `Redis at ${target} refused ${doing}: ${shownRefusal(error)}`, { cause: error });
  }
  if (isReply(error) && !passing.test(error.message)) {
    return new SluiceError('TARGET_REFUSED', `Redis at ${target} answered ${doing} with an error of kind ${kindOf(error)}.`, {
      cause: error,
    });
  }
  if (certificateCode.test(code)) {
    return new SluiceError('TARGET_REFUSED', `No TLS connection with Redis at ${target}: ${error.message}`, {
      cause: error,
      remedy: 'Check the server’s certificate against redis.cacert and the host’s name, and the client’s own (redis.key.cert).',
    });
  }
  const text = isReply(error) ? kindOf(error) : error.message;
  return new SluiceError('TARGET_UNAVAILABLE', `Redis at ${target} cannot be used for ${doing}: ${text}`, { cause: error });
}

/** NOPERM names the command, the key or the channel: a command is told, a key is not. */
function shownRefusal(error: Error): string {
  const command = /to run the '([a-z|]+)' command/i.exec(error.message)?.[1];
  if (command) return `the user may not run ${command} (NOPERM).`;
  if (error.message.startsWith('NOPERM')) return 'the user may not touch its keys or channels (NOPERM).';
  const unknown = /^ERR unknown command [`']?([a-z]+)/i.exec(error.message)?.[1];
  if (unknown) return `it does not know the command ${unknown}.`;
  return `${error.message.split('\n')[0]!.slice(0, 120)}.`;
}

/** Ends what a stopped task still does; whoever stopped it does not mind what became of it, and the same batch comes again. */
export function throwIfStopped(abort: AbortSignal): void {
  if (abort.aborted) throw new SluiceError('TARGET_UNAVAILABLE', 'The task was stopped while it wrote to Redis.');
}
