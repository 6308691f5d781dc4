import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..', '..');
const files = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort();

/** A page without its code, in which brackets are no links. */
const read = (file: string) => readFileSync(join(root, file), 'utf8').replaceAll(/^```.*?^```/gms, '');

/** What `#...` may name: anchors, and headings as they are shown on the web. */
function anchors(file: string): ReadonlySet<string> {
  const text = read(file);
  const headings = Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...Array.from(text.matchAll(/<a id="([^"]+)">/g), ([, id = '']) => id)]);
}

test('there are pages', () => assert.ok(files.length > 10 && files.includes('README.md')));

for (const file of files)
  test(`${file} links to what is there`, () => {
    for (const [, target = '', anchor] of read(file).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
      const page = target === '' ? file : join(dirname(file), target);
      assert.ok(existsSync(join(root, page)), `${file} links to ${target}, which is not there`);
      if (anchor !== undefined)
        assert.ok(anchors(page).has(anchor), `${file} links to ${target}#${anchor}, and that page has no such place`);
    }
  });
