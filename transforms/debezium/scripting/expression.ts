import { type ASTNode, Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import type { ConnectRecord } from '../../../src/contract/index.ts';
import { celHeaders, celSchema, celValue } from './cel-values.ts';

/** An expression over a record, compiled once. */
export type Expression = {
  /** Throws an Error, which shows no value, where the expression fails: a field that is missing, types that do not go together. */
  evaluate(record: ConnectRecord): unknown;
};

/** The variables of Debezium's scripting transforms. */
const variables = ['key', 'value', 'keySchema', 'valueSchema', 'header'] as const;

function newEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  return environment.registerVariable('topic', 'string');
}

const environment = newEnvironment();

/** All nodes of an expression. */
function nodesOf(node: ASTNode): readonly ASTNode[] {
  const nodes: ASTNode[] = [node];
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (isNode(part)) nodes.push(...nodesOf(part));
  };
  visit(node.args);
  return nodes;
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part;
}

/**
 * The same expression with the branches of every `? :` in `dyn(...)`: CEL wants both of one type, and the usual router says
 * `value.op == 'd' ? 'deletes' : null`.
 */
function withFreeBranches(text: string, nodes: readonly ASTNode[]): string {
  const insertions = nodes
    .flatMap(node => (node.op === '?:' ? [node.args[1], node.args[2]] : []))
    .flatMap(({ start, end }) => [
      { at: start, text: 'dyn(' },
      { at: end, text: ')' },
    ])
    .sort((a, b) => b.at - a.at);
  return insertions.reduce((whole, { at, text: inserted }) => whole.slice(0, at) + inserted + whole.slice(at), text);
}

function parse(text: string): ParseResult {
  try {
    return environment.parse(text);
  } catch (error) {
    throw new Error(`not a CEL expression: ${summaryOf(error)}`, { cause: error });
  }
}

function summaryOf(error: unknown): string {
  return error instanceof Error && 'summary' in error ? String(error.summary) : String((error as Error).message);
}

/** Faults whose text names fields and types only; others may show a value. */
const openFaults: ReadonlySet<string> = new Set(['no_such_key', 'no_such_overload', 'no_matching_overload', 'unsupported_type']);

function withoutValues(error: unknown): string {
  if (!(error instanceof EvaluationError)) return 'the expression failed';
  return openFaults.has(error.code) ? error.summary : error.code.replaceAll('_', ' ');
}

/**
 * Compiles a CEL expression whose result is to be of one of these CEL types. Throws an Error that says what is wrong with it: its syntax, an
 * unknown variable or function, its type.
 */
export function compileExpression(text: string, types: readonly string[]): Expression {
  const nodes = nodesOf(parse(text).ast);
  const parsed = parse(withFreeBranches(text, nodes));
  const { valid, type, error } = parsed.check();
  if (!valid) throw new Error(`not a valid CEL expression: ${summaryOf(error)}`);
  if (type !== undefined && type !== 'dyn' && !types.includes(type))
    throw new Error(`the expression gives ${type}, not ${types.join(' or ')}`);
  const readsHeaders = nodes.some(node => node.op === 'id' && node.args === 'header');
  return {
    evaluate(record) {
      try {
        return parsed({
          key: celValue(record.keySchema, record.key),
          value: celValue(record.valueSchema, record.value),
          keySchema: celSchema(record.keySchema),
          valueSchema: celSchema(record.valueSchema),
          topic: record.topic,
          header: readsHeaders ? celHeaders(record.headers) : null,
        });
      } catch (thrown) {
        throw new Error(withoutValues(thrown), { cause: thrown });
      }
    },
  };
}

const groovyOperators: ReadonlySet<string> = new Set([
  'value',
  'id',
  '.',
  '[]',
  'list',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '!_',
  '-_',
  '?:',
  'in',
  '+',
]);
const groovyMethods: ReadonlySet<string> = new Set(['startsWith', 'endsWith', 'contains']);

/**
 * Why a Groovy expression that is CEL as it stands may still mean something else, or null where it means the same: comparisons, logic,
 * field access, `? :` and a few text methods do. Division, `matches` (the whole text in Java, a part of it in CEL) and `"$x"` do not.
 */
export function differenceFromGroovy(text: string): string | null {
  for (const node of nodesOf(parse(text).ast)) {
    if (node.op === 'rcall' ? !groovyMethods.has(node.args[0]) : !groovyOperators.has(node.op))
      return `'${node.op === 'rcall' || node.op === 'call' ? node.args[0] : node.op}' may mean something else in Groovy`;
  }
  return text.includes('$') ? "'$' may mean something else in Groovy" : null;
}

/** Whether a text is a valid CEL expression. */
export function isCel(text: string): boolean {
  return environment.check(text).valid;
}
