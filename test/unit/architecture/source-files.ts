import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');

/** A file of the project: its path from the root with forward slashes, and its text. */
export type SourceFile = { readonly path: string; readonly text: string };

/** One import: a file of the project, an npm package, or a module of Node. */
export type Import =
  | { readonly kind: 'file'; readonly target: string }
  | { readonly kind: 'package'; readonly target: string }
  | { readonly kind: 'builtin'; readonly target: string };

/** All TypeScript and JavaScript files below these folders. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  return folders
    .filter(folder => existsSync(join(root, folder)))
    .flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)))
    .filter(path => /\.(ts|js|mjs)$/.test(path) && !path.includes('node_modules'))
    .sort()
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The text with its comments blanked; a `//` inside a string ends the line here too, which no import minds. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(,])\/\/.*$/gm, '$1');
}

const specifiers = [
  /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm, // import x from 'y', export { x } from 'y', with types too
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\bnew URL\(\s*['"]([^'"]+\.[tj]s)['"]\s*,\s*import\.meta\.url\s*\)/g, // a worker thread's file
];

/** What a file imports, statically, dynamically or as a worker. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  const found = new Set(specifiers.flatMap(pattern => [...text.matchAll(pattern)].map(match => match[1]!)));
  return [...found].map(specifier => {
    if (specifier.startsWith('node:')) return { kind: 'builtin', target: specifier };
    if (specifier.startsWith('.')) return { kind: 'file', target: normalize(join(dirname(file.path), specifier)) };
    const parts = specifier.split('/');
    return { kind: 'package', target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
  });
}
