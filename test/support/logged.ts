import type { Logger } from '../../src/contract/index.ts';

/** A line of a log. */
export type LoggedLine = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };

/** A logger that keeps its lines. */
export function logged(): { readonly logger: Logger; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine['level']) => (_fields: object, message: string) => void lines.push({ level, message });
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return { logger, lines };
}
