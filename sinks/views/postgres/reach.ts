import { quoted } from '../../sql/identifiers.ts';
import type { PostgresSession } from '../../sql/postgres-session.ts';
import type { DefinitionFault, ViewDefinition } from '../definition.ts';
import { subselect } from '../layout.ts';
import { wholeTable } from '../whole-table.ts';

/** A node of EXPLAIN's JSON: what is used of it. */
type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly Alias?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly PlanNode[];
};

/** With these every table that can be reached by an index is. */
const planning = `set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
  set local enable_material = off; set local enable_memoize = off; set local enable_nestloop = on; set local enable_indexscan = on;
  set local jit = off; set local plan_cache_mode = force_generic_plan`;

/**
 * Whether the rows of a key can be computed from the rows that lead to it: asked for one key, the plan must reach each base table by a condition
 * on that key or on a row reached by it. A window or LIMIT over all keys, an aggregate of a whole table, a join without a condition: each
 * leaves a table that is read whole. Also answers which tables are read.
 */
export async function unreached(
  session: PostgresSession,
  schema: string,
  view: ViewDefinition,
): Promise<{ readonly faults: readonly DefinitionFault[]; readonly read: ReadonlySet<string> }> {
  const keys = view.key.map((column, at) => `v.${quoted(column)} = $${at + 1}`);
  await session.script(planning);
  await session.script(`prepare sluice_reach as select * from ${subselect(view)} v where ${keys.join(' and ')}`);
  const [answer] = await session.ask(`explain (verbose, format json) execute sluice_reach (${view.key.map(() => 'null').join(', ')})`);
  await session.script('deallocate sluice_reach');
  const [explained] = answer!['QUERY PLAN'] as readonly { readonly Plan: PlanNode }[];
  const faults: DefinitionFault[] = [];
  const read = new Set<string>();
  const refuse = (message: string) => faults.push({ place: view.select.placeOf(0), message });
  const visit = (node: PlanNode): void => {
    const relation = node['Relation Name'];
    if (relation !== undefined) {
      const table = node.Schema === schema && relation.startsWith('_rows_') ? relation.slice('_rows_'.length) : null;
      if (table === null)
        refuse(`The select of view ${view.name} reads ${node.Schema}.${relation}, which is none of the tables of the file.`);
      else {
        read.add(table);
        if (!isReached(node)) refuse(wholeTable(view, table));
      }
    }
    node.Plans?.forEach(visit);
  };
  visit(explained!.Plan);
  return { faults, read };
}

/** By a parameter, or by a column of another relation. */
function isReached(node: PlanNode): boolean {
  const conditions = [node['Index Cond'], node['Recheck Cond'], node.Filter].filter(text => text !== undefined).join(' ');
  const bare = conditions.replaceAll(/'(?:[^']|'')*'/g, "''");
  if (/\$\d+|\(InitPlan|\(SubPlan/.test(bare)) return true;
  for (const [, quotedAlias, plainAlias] of bare.matchAll(/(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))\./gi))
    if ((quotedAlias?.replaceAll('""', '"') ?? plainAlias) !== node.Alias) return true;
  return false;
}
