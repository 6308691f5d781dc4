import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elasticsearchSpec } from '../../../../sinks/elasticsearch/options.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'sinks', 'elasticsearch.md'), 'utf8');

test('every option that the page names is one', () => {
  const known = new Set([
    ...Object.keys(elasticsearchSpec.options),
    'connector.class',
    'decimal.handling.mode',
    'errors.tolerance',
    'index.gc_deletes',
  ]);
  const named = [...text.matchAll(/`([a-z]+(?:\.[a-z_]+)+)(?:[=:][^`]*)?`/g)].map(([, name]) => name!);
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(name => !known.has(name)),
    [],
  );
});
