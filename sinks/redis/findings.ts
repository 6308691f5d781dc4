import type { CheckResult, ErrorCode } from '../../src/contract/index.ts';

/** Looked at, and all is well. */
export function ok(subject: string, message: string): CheckResult {
  return { subject, status: 'ok', code: null, option: null, message, remedy: null };
}

/** A start goes well, but something may not. */
export function warning(subject: string, option: string | null, message: string, remedy: string): CheckResult {
  return { subject, status: 'warning', code: null, option, message, remedy };
}

/** A start would fail. */
export function fault(subject: string, code: ErrorCode, option: string | null, message: string, remedy: string): CheckResult {
  return { subject, status: 'fault', code, option, message, remedy };
}
