import type { Logger } from '../../contract/index.ts';
import { AuditFile } from './audit-file.ts';
import { RateLimit } from './rate-limit.ts';
import { type AuditSettings, type Principal, shownName } from './settings.ts';

/** Of the audit lines. Its level cannot be changed by REST: nobody shall switch off what tells of them. */
export const auditLogger = 'sluice.audit';

/** A call that changes something, or would have. */
export type AuditedCall = {
  readonly principal: Principal | null;
  /** Who it said it was, where the login was refused. */
  readonly claimed: string | null;
  /** The client's address. */
  readonly from: string;
  /** The subject of the client's certificate. */
  readonly certificate: string | null;
  readonly method: string;
  /** As it was asked for, without the query: encoded, so no line breaks. */
  readonly path: string;
  readonly connector: string | null;
  readonly status: number;
  /** Why it was refused or failed; null where it was done. */
  readonly reason: string | null;
  /** The worker that handed it on to this one. */
  readonly handedOnBy: string | null;
  /** The worker that this one handed it on to, which tells of it too. */
  readonly handedOnTo: string | null;
};

/** Refused before anything was looked at: who it is, what they may, how often. */
export const refusals = new Set([401, 403, 429]);
/** Refused logins that are told of, so that nobody can wash the file away with them; the next line says how many there were beside. */
const refusedPerMinute = 60;

/** Who changed what, from where, and what came of it: lines of the logger `sluice.audit`, and of a file where one is configured. */
export class AuditLog {
  readonly #logger: Logger;
  readonly #errors: Logger;
  readonly #file: AuditFile | null;
  readonly #nowMs: () => number;
  readonly #refused = new RateLimit(refusedPerMinute / 60, refusedPerMinute);
  #untold = 0;

  /** Throws CONFIG_INVALID where the file cannot be written. */
  constructor(settings: AuditSettings, logger: Logger, errors: Logger, nowMs: () => number) {
    this.#logger = logger;
    this.#errors = errors;
    this.#nowMs = nowMs;
    this.#file = settings.file === null ? null : new AuditFile(settings.file, settings.fileBytesMax, settings.filesMax);
  }

  record(call: AuditedCall): void {
    const { principal, claimed, method, path, status } = call;
    if (status === 401 && this.#refused.take('', this.#nowMs()) > 0) {
      this.#untold++;
      return;
    }
    const outcome = status < 400 ? 'done' : refusals.has(status) ? 'refused' : 'failed';
    const user = principal?.name ?? (claimed === null ? 'unknown' : shownName(claimed));
    const entry = {
      user,
      role: principal?.role ?? null,
      login: principal?.by ?? null,
      from: call.from,
      certificate: call.certificate === null ? null : shownName(call.certificate),
      method,
      path: path.slice(0, 2_000),
      connector: call.connector === null ? null : shownName(call.connector),
      status,
      outcome,
      // The first line: what follows may go on for as many options as a config has.
      reason: call.reason?.split('\n')[0]?.slice(0, 500) ?? null,
      handed_on_by: call.handedOnBy === null ? null : shownName(call.handedOnBy),
      handed_on_to: call.handedOnTo,
      refused_untold: this.#untold === 0 ? null : this.#untold,
    };
    this.#untold = 0;
    const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
    const text = `${user} ${method} ${entry.path}: ${outcome}`;
    if (outcome === 'done') this.#logger.info(given, text);
    else this.#logger.warn(given, text);
    try {
      this.#file?.write(JSON.stringify({ time: new Date(this.#nowMs()).toISOString(), ...given }));
    } catch (error) {
      this.#errors.error({ err: error }, 'The audit file could not be written; the line is in the log only.');
    }
  }
}
