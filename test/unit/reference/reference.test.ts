import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inline } from '../../../src/reference/inline.ts';
import { pages } from '../../../src/reference/pages.ts';
import { pluginSections } from '../../../src/reference/plugin-sections.ts';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const written = await pages();

describe('Generated pages', () => {
  for (const [path, text] of written)
    test(`docs/${path} is what the config specs say`, () => {
      const found = existsSync(join(docs, path)) ? readFileSync(join(docs, path), 'utf8') : '';
      assert.ok(found === text, `docs/${path} is out of date: run \`npm run docs\`.`);
    });

  test('come out the same each time', async () => assert.deepEqual([...(await pages())], [...written]));

  test('have no anchor twice', () => {
    for (const [path, text] of written) {
      const ids = Array.from(text.matchAll(/<a id="([^"]+)">/g), ([, id]) => id);
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
        path,
      );
    }
  });
});

test('every plugin says what it does, and every option of one', async () => {
  for (const { title, spec } of await pluginSections(['source', 'transformation', 'predicate', 'converter', 'header_converter'])) {
    assert.notEqual(spec.doc, '', title);
    for (const [name, { doc }] of Object.entries(spec.options)) assert.notEqual(doc.trim(), '', `${title}: ${name}`);
  }
});

describe('A sentence of a spec as Markdown', () => {
  const links = new Map([['slot.name', '#slot.name']]);
  const cases: readonly (readonly [why: string, text: string, markdown: string])[] = [
    ['has names in code spans', 'Named PREFIX.schema.table, or __deleted.', 'Named `PREFIX.schema.table`, or `__deleted`.'],
    ['links options, also with a value', 'Set slot.name=a or slot.name.', 'Set [`slot.name=a`](#slot.name) or [`slot.name`](#slot.name).'],
    ['keeps code spans', 'Say `a b`: yes.', 'Say `a b`: yes.'],
    ['takes a call of the REST API as one', 'Ask GET /connectors/NAME.', 'Ask `GET /connectors/NAME`.'],
    ['leaves words and abbreviations', 'With 0.5 s, e.g. at once.', 'With 0.5 s, e.g. at once.'],
  ];
  for (const [why, text, markdown] of cases) test(why, () => assert.equal(inline(text, links), markdown));

  test('sets an option’s own values as code and does not link to itself', () => {
    assert.equal(inline('none: no slot.name', links, { name: 'slot.name', values: ['none'] }), '`none`: no `slot.name`');
  });
});
