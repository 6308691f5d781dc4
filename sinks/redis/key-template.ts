import { misspeltSourceField } from '../../src/contract/index.ts';
import { globExpression } from './glob.ts';

/** Where a template's field is looked for: `row` is the row's image, and where that has no such field, the key. */
export type FieldOrigin = 'row' | 'after' | 'before' | 'key' | 'source';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'topic' }
  /** The whole of a key that is one value. */
  | { readonly kind: 'wholeKey' }
  | { readonly kind: 'field'; readonly origin: FieldOrigin; readonly name: string };

/** A name with fields in it, such as `user:{id}`. */
export type KeyTemplate = {
  /** As it was written. */
  readonly text: string;
  readonly parts: readonly TemplatePart[];
  /** Whether it stands for all keys that match: its text is Redis' glob then, with `*`, `?` and `[..]`. */
  readonly pattern: boolean;
};

const origins: readonly FieldOrigin[] = ['after', 'before', 'key', 'source'];

/**
 * Reads a template: `{field}` of the row or the key, `{after.field}`, `{before.field}`, `{key.field}`, `{source.field}`, `{key}` for a key of
 * one value, `{topic}`; doubled braces stand for themselves. With `patterns`, a `*`, `?` or `[` outside the braces (not behind a
 * backslash) makes it a pattern. Throws an Error whose message says what is wrong.
 */
export function parseKeyTemplate(text: string, { patterns }: { readonly patterns: boolean }): KeyTemplate {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  const close = () => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
  };
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    if (two === '{{' || two === '}}') {
      literal += two[0];
      at += 2;
    } else if (text[at] === '{') {
      const end = text.indexOf('}', at);
      if (end < 0) throw new Error(`the brace at ${at + 1} of '${text}' is not closed`);
      close();
      parts.push(placeholder(text.slice(at + 1, end), text));
      at = end + 1;
    } else if (text[at] === '}') {
      throw new Error(`the brace at ${at + 1} of '${text}' closes nothing; write }} for a brace`);
    } else literal += text[at++];
  }
  close();
  if (parts.length === 0) throw new Error('a template must not be empty');
  const pattern = patterns && parts.some(part => part.kind === 'text' && /(?<!\\)(?:\\\\)*[*?[]/.test(part.text));
  if (patterns && !pattern) return { text, parts: parts.map(unescaped), pattern };
  for (const part of parts) if (part.kind === 'text') globExpression(part.text);
  return { text, parts, pattern };
}

/** Outside of patterns a backslash only takes a glob's sign its meaning. */
function unescaped(part: TemplatePart): TemplatePart {
  return part.kind === 'text' ? { kind: 'text', text: part.text.replace(/\\([*?[\]\\])/g, '$1') } : part;
}

function placeholder(name: string, text: string): TemplatePart {
  if (name === '') throw new Error(`'${text}' has braces without a field`);
  if (name === 'topic') return { kind: 'topic' };
  if (name === 'key') return { kind: 'wholeKey' };
  const dot = name.indexOf('.');
  const origin = origins.find(candidate => candidate === name.slice(0, Math.max(0, dot)));
  if (origin === undefined) return { kind: 'field', origin: 'row', name };
  if (dot === name.length - 1) throw new Error(`'{${name}}' names no field`);
  const field = name.slice(dot + 1);
  const meant = origin === 'source' ? misspeltSourceField(field) : null;
  if (meant !== null) throw new Error(`a record's source has no field '${field}'; did you mean {source.${meant}}?`);
  return { kind: 'field', origin, name: field };
}

/** A value inside a pattern, its own signs without meaning there. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}
