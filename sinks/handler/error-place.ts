import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `file:///a/b.ts?changed=1:3` or `/a/b.ts:3:7`, as Node writes places at the head of a syntax error and in the lines of a stack. */
const placePattern = /(?:^|\s|\()(file:\/\/[^\s()]+?|\/[^\s()]+?|[A-Za-z]:\\[^\s()]+?):(\d+)(?::\d+)?\)?(?=\s|$)/gm;

/**
 * Where in the module, or in what lies beside or below it, an error was thrown, as `path:line` seen from here; null where the stack does not
 * say.
 */
export function placeOf(error: unknown, module: string): string | null {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return null;
  const folder = dirname(module) + sep;
  for (const [, location = '', line] of error.stack.matchAll(placePattern)) {
    const file = location.startsWith('file:') ? fileURLToPath(location.replace(/\?.*$/, '')) : location.replace(/\?.*$/, '');
    if (file.startsWith(folder) && !file.slice(folder.length).includes('node_modules')) return `${relative('', file)}:${line}`;
  }
  return null;
}
