import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registry } from '../../../../src/registry.ts';

const ours = registry.list().filter(({ type, class: name }) => type === 'transformation' && name.startsWith('io.debezium.'));

test('every transform of Debezium that is listed loads, and documents its options', async () => {
  assert.ok(ours.length >= 11);
  for (const { class: name } of ours) {
    const { spec } = await registry.load('transformation', name);
    for (const [option, { doc, displayName }] of Object.entries(spec.options)) {
      assert.ok(doc.length > 20, `${name}: ${option}`);
      assert.ok(displayName !== '', `${name}: ${option}`);
    }
  }
});

test('transforms that are known but not supported are refused with the reason', async () => {
  await assert.rejects(registry.load('transformation', 'io.debezium.transforms.tracing.ActivateTracingSpan'), {
    code: 'PLUGIN_UNKNOWN',
    message: /is not supported: there is no tracing here/,
  });
});
