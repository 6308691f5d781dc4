import type { PostgresSession } from '../../sql/postgres-session.ts';
import type { DefinitionFault, ViewDefinition } from '../definition.ts';

/** Stable functions whose answer depends on when or by whom they are asked; those that depend on settings are fine, since the session's are fixed. */
const unstable = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_database',
  'current_user',
  'session_user',
  'current_schema',
  'current_schemas',
  'current_query',
  'current_setting',
  'txid_current',
  'txid_current_snapshot',
  'pg_current_snapshot',
  'pg_backend_pid',
  'version',
  'inet_client_addr',
  'inet_server_addr',
]);

/** How a reader writes what the tree calls SQLVALUEFUNCTION. */
const clockWord = /\b(current_(?:date|time|timestamp|user|role|catalog|schema)|localtime(?:stamp)?|session_user|user)\b/i;
const clockLiteral = /'(now|today|tomorrow|yesterday)'/i;

/** Where a word stands in a select, or its beginning. */
function placeOf(view: ViewDefinition, word: RegExp): DefinitionFault['place'] {
  return view.select.placeOf(word.exec(view.select.text)?.index ?? 0);
}

/**
 * Functions in a select whose answer is not decided by its rows: volatile ones by the catalog, and stable ones that read the clock or the
 * session. Found in the parse tree of a view made of the select, `viewName` (regclass): operators' and aggregates' functions are in it too.
 */
export async function volatileFaults(session: PostgresSession, viewName: string, view: ViewDefinition): Promise<DefinitionFault[]> {
  const [rule] = await session.ask(`select ev_action::text as tree from pg_rewrite where ev_class = $1::regclass`, [viewName]);
  const tree = String(rule?.['tree'] ?? '');
  const functions = Array.from(tree.matchAll(/:(?:funcid|aggfnoid|winfnoid|opfuncid) (\d+)/g), ([, oid]) => oid);
  const operators = Array.from(tree.matchAll(/:opno (\d+)/g), ([, oid]) => oid);
  const found = await session.ask(
    `select distinct p.proname as name, p.provolatile as kind, p.oid >= 16384 as own from pg_proc p
      where (p.oid = any ($1::oid[]) or p.oid in (select oprcode from pg_operator where oid = any ($2::oid[]))) and p.provolatile <> 'i'
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e' and p.provolatile = 's')`,
    [functions, operators],
  );
  const faults: DefinitionFault[] = [];
  for (const { name, kind, own } of found) {
    const text = String(name);
    const word = new RegExp(`\\b${text.replaceAll(/\W/g, '\\$&')}\\s*\\(`, 'i');
    const refuse = (why: string) =>
      faults.push({ place: placeOf(view, word), message: `The select of view ${view.name} calls ${text}(): ${why}` });
    if (kind === 'v') refuse('it is volatile, and a view is decided by its rows alone.');
    else if (unstable.has(text)) refuse('its answer depends on when or by whom it is asked, and a view is decided by its rows alone.');
    else if (own === true) refuse('it is not declared immutable, so it may read what is not in the log.');
  }
  const clock = 'reads the clock or the session, and a view is decided by its rows alone.';
  if (tree.includes('SQLVALUEFUNCTION')) {
    const word = clockWord.exec(view.select.text)?.[0] ?? 'current_timestamp';
    faults.push({ place: placeOf(view, clockWord), message: `The select of view ${view.name} has ${word}: it ${clock}` });
  }
  if (clockLiteral.test(view.select.text))
    faults.push({
      place: placeOf(view, clockLiteral),
      message: `The select of view ${view.name} has ${clockLiteral.exec(view.select.text)![0]}: it ${clock}`,
    });
  return faults;
}
