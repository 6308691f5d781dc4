import type { TokenCursor } from './cursor.ts';
import type { SetVariable } from './statement.ts';

/**
 * What follows SET: variables with the scope each has. `NAMES` and `CHARACTER SET` set nothing that columns inherit. User variables are
 * left out. Values are as written, without quotes.
 */
export function parseSet(cursor: TokenCursor): readonly SetVariable[] {
  const variables: SetVariable[] = [];
  let scope: SetVariable['scope'] = 'session';
  do {
    if (cursor.accept('GLOBAL') || cursor.accept('PERSIST') || cursor.accept('PERSIST_ONLY')) scope = 'global';
    else if (cursor.accept('SESSION') || cursor.accept('LOCAL')) scope = 'session';
    const assigned = parseAssignment(cursor, scope);
    if (assigned !== null) variables.push(assigned);
    cursor.skipItem();
  } while (cursor.symbol(','));
  return variables;
}

function parseAssignment(cursor: TokenCursor, inherited: SetVariable['scope']): SetVariable | null {
  let scope = inherited;
  if (cursor.symbol('@')) {
    if (!cursor.symbol('@')) return null;
    if (cursor.accept('GLOBAL')) scope = 'global';
    else if (cursor.accept('SESSION') || cursor.accept('LOCAL')) scope = 'session';
    cursor.symbol('.');
  }
  if (cursor.peek().kind !== 'word' && cursor.peek().kind !== 'name') return null;
  const name = cursor.next().value.toLowerCase();
  if (!cursor.symbol('=') && !cursor.symbol(':=')) return null;
  const start = cursor.peek();
  cursor.skipItem();
  const value = cursor.last.start === start.start ? start.value : start.raw;
  return { scope, name, value };
}
