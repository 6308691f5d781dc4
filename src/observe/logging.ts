import { pino } from 'pino';
import type { Logger } from '../contract/index.ts';
import { LogLevels } from './log-levels.ts';
import { prettyLine } from './pretty-lines.ts';
import { redactFields } from './secret-names.ts';

/** The loggers of one process, and their levels. */
export type Logging = {
  /** A logger by its name, with dots (`sluice.rest`); its lines carry the name and these fields. */
  logger(name: string, fields?: object): Logger;
  readonly levels: LogLevels;
};

/** Where lines go: `write` takes whole lines. */
export type LogDestination = { write(line: string): void };

type Write = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>;
type Sink = Write & { child(fields: object): Sink };

/** A logger that looks up its level by name, again whenever one has been changed. */
class NamedLogger implements Logger {
  readonly #sink: Sink;
  readonly #name: string;
  readonly #levels: LogLevels;
  #threshold = 0;
  #generation = -1;

  constructor(sink: Sink, name: string, levels: LogLevels) {
    this.#sink = sink;
    this.#name = name;
    this.#levels = levels;
  }

  debug(fields: object, message: string): void {
    if (this.#writes(20)) this.#sink.debug(redactFields(fields), message);
  }

  info(fields: object, message: string): void {
    if (this.#writes(30)) this.#sink.info(redactFields(fields), message);
  }

  warn(fields: object, message: string): void {
    if (this.#writes(40)) this.#sink.warn(redactFields(fields), message);
  }

  error(fields: object, message: string): void {
    if (this.#writes(50)) this.#sink.error(redactFields(fields), message);
  }

  child(fields: object): Logger {
    return new NamedLogger(this.#sink.child(redactFields(fields)), this.#name, this.#levels);
  }

  #writes(level: number): boolean {
    if (this.#generation !== this.#levels.generation) {
      this.#generation = this.#levels.generation;
      this.#threshold = this.#levels.threshold(this.#name);
    }
    return level >= this.#threshold;
  }
}

/**
 * An error as a line shows it: its own text and where it was thrown. Causes and what drivers add to their errors stay out: they may hold row
 * values (invariant 8). An INTERNAL error is only the wrapping of another one, whose place it shows.
 */
function shownError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name: type, message, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  const thrown = (code === 'INTERNAL' && cause instanceof Error ? cause : error).stack ?? '';
  const frames = thrown.slice(Math.max(0, thrown.indexOf('\n    at ')));
  return { type, code, message, stack: `${type}: ${message}${frames.startsWith('\n') ? frames : ''}` };
}

/** Makes the loggers of a process: JSON lines by pino, or lines for a person where `pretty` says so. */
export function createLogging(settings: {
  level: string;
  pretty: boolean;
  color: boolean;
  destination: LogDestination;
  nowMs: () => number;
}): Logging {
  const { pretty, color, destination } = settings;
  const stream = pretty ? { write: (line: string) => destination.write(prettyLine(line, color)) } : destination;
  const root = pino(
    { level: 'trace', base: null, timestamp: () => `,"time":${settings.nowMs()}`, serializers: { err: shownError } },
    stream,
  );
  const levels = new LogLevels(settings.level, settings.nowMs);
  return {
    levels,
    logger(name, fields = {}) {
      levels.register(name);
      return new NamedLogger(root.child({ logger: name, ...redactFields(fields) }), name, levels);
    },
  };
}
