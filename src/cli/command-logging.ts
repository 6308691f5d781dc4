import { createLogging, type Logging } from '../observe/logging.ts';
import type { Terminal } from './terminal.ts';

/** Of a command whose output is something else: warnings and errors for a person, beside it. */
export function warningsTo(terminal: Terminal): Logging {
  return createLogging({ level: 'warn', pretty: true, color: false, destination: { write: line => terminal.err(line) }, nowMs: Date.now });
}

/** Of a command that tells by itself what it finds. */
export function noLogging(): Logging {
  return createLogging({ level: 'off', pretty: false, color: false, destination: { write: () => {} }, nowMs: Date.now });
}
