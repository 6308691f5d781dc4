// `npm run docs`: the reference pages and docs/errors.md, from the config specs and the error catalogue.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pages } from './pages.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');

for (const [path, text] of await pages()) {
  const file = join(docs, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`docs/${path}\n`);
}
