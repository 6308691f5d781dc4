import { malformed } from '../../binlog/malformed.ts';

/**
 * A document in pieces, for the changes of a partial update. Scalars, and keys with their quotes, stand as they are written, so that what no
 * change touches keeps its form: a decimal its zeros, a double its digits.
 */
export type JsonNode = { kind: 'scalar'; text: string } | { kind: 'array'; items: JsonNode[] } | { kind: 'object'; members: JsonMember[] };
/** `name` is the key itself, without quotes and escapes. */
export type JsonMember = { readonly key: string; readonly name: string; value: JsonNode };

const depthMax = 200;

/** Reads what `jsonText` wrote, also with blanks between tokens (a snapshot's form). */
export function parseTree(text: string): JsonNode {
  let at = 0;
  const blanks = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++;
  };
  const expect = (character: string) => {
    blanks();
    if (text[at] !== character) throw malformed('a partial update of a value that is no JSON');
    at++;
  };
  const accept = (character: string): boolean => {
    blanks();
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const string = (): string => {
    const start = at;
    expect('"');
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    expect('"');
    return text.slice(start, at);
  };
  const value = (depth: number): JsonNode => {
    if (depth > depthMax) throw malformed('a JSON document of too many levels');
    blanks();
    if (accept('{')) {
      const members: JsonMember[] = [];
      if (!accept('}'))
        do {
          blanks();
          const key = string();
          expect(':');
          members.push({ key, name: JSON.parse(key) as string, value: value(depth + 1) });
        } while (accept(',') || !closed('}'));
      return { kind: 'object', members };
    }
    if (accept('[')) {
      const items: JsonNode[] = [];
      if (!accept(']'))
        do items.push(value(depth + 1));
        while (accept(',') || !closed(']'));
      return { kind: 'array', items };
    }
    if (text[at] === '"') return { kind: 'scalar', text: string() };
    const scalar = /^[-+.0-9a-zA-Z]+/.exec(text.slice(at, at + 2048))?.[0];
    if (scalar === undefined) throw malformed('a partial update of a value that is no JSON');
    at += scalar.length;
    return { kind: 'scalar', text: scalar };
  };
  const closed = (character: string): true => {
    expect(character);
    return true;
  };
  const root = value(0);
  blanks();
  if (at < text.length) throw malformed('a partial update of a value that is no JSON');
  return root;
}

/** In the form of a stream's values: no blanks. */
export function treeText(node: JsonNode): string {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'array') return `[${node.items.map(treeText).join(',')}]`;
  return `{${node.members.map(({ key, value }) => `${key}:${treeText(value)}`).join(',')}}`;
}
