import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noJavaKey, readJavaKey, writeJavaKey } from '../../../../../connectors/debezium/incremental/java-key.ts';

test('no key yet is a null in place of the array', () => {
  assert.equal(writeJavaKey(null, []), noJavaKey);
  assert.equal(readJavaKey(noJavaKey), null);
});

/** What `new ObjectOutputStream(...).writeObject(new Object[]{...})` writes of these, on Java 17. */
const fromJava = {
  integer: // {7}
    'aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c020000787000000001737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b020000787000000007',
  textAndInteger: // {"a", 3}
    'aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000274000161737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b020000787000000003',
  others: // {Long.MIN_VALUE, (short) -3, true, false, a UUID, 1, 1, "x", "x", 5000, 6000}
    'aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000b7372000e6a6176612e6c616e672e4c6f6e673b8be490cc8f23df0200014a000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b020000787080000000000000007372000f6a6176612e6c616e672e53686f7274684d37133460da5202000153000576616c75657871007e0003fffd737200116a6176612e6c616e672e426f6f6c65616ecd207280d59cfaee0200015a000576616c75657870017371007e0007007372000e6a6176612e7574696c2e55554944bc9903f7986d852f0200024a000c6c65617374536967426974734a000b6d6f73745369674269747378709a1fffffffffffff0b1e5a8e7f2d4c3b737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c75657871007e00030000000171007e000d7400017871007e000e7371007e000c000013887371007e000c00001770',
  decimal: // {new BigDecimal("1.5")}
    'aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c020000787000000001737200146a6176612e6d6174682e426967446563696d616c54c71557f981284f0300024900057363616c654c0006696e7456616c7400164c6a6176612f6d6174682f426967496e74656765723b787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b020000787000000001737200146a6176612e6d6174682e426967496e74656765728cfc9f1fa93bfb1d030006490008626974436f756e744900096269744c656e67746849001366697273744e6f6e7a65726f427974654e756d49000c6c6f776573745365744269744900067369676e756d5b00096d61676e69747564657400025b427871007e0004fffffffffffffffffffffffefffffffe00000001757200025b42acf317f8060854e00200007870000000010f7878',
};

test('it is written as Java writes it', () => {
  assert.equal(writeJavaKey(['7'], ['Integer']), fromJava.integer);
  assert.equal(writeJavaKey(['a', '3'], ['String', 'Integer']), fromJava.textAndInteger);
});

test('what Java has written is read', () => {
  assert.deepEqual(readJavaKey(fromJava.integer), ['7']);
  assert.deepEqual(readJavaKey(fromJava.textAndInteger), ['a', '3']);
  const others = ['-9223372036854775808', '-3', 't', 'f', '0b1e5a8e-7f2d-4c3b-9a1f-ffffffffffff', '1', '1', 'x', 'x', '5000', '6000'];
  assert.deepEqual(readJavaKey(fromJava.others), others);
  assert.equal(readJavaKey(fromJava.decimal), undefined);
});

test('what is written is read again', () => {
  const key = [
    '7',
    '-9223372036854775808',
    '-3',
    "it's \u0000 é 😀",
    't',
    'f',
    '0b1e5a8e-7f2d-4c3b-9a1f-ffffffffffff',
    '7',
    "it's \u0000 é 😀",
  ];
  const classes = ['Integer', 'Long', 'Short', 'String', 'Boolean', 'Boolean', 'UUID', 'Integer', 'String'] as const;
  const written = writeJavaKey(key, classes);
  assert.ok(written);
  assert.deepEqual(readJavaKey(written), key);
});

test('a class that is not known is not written, and not read', () => {
  assert.equal(writeJavaKey(['1', '2020-01-01'], ['Integer', null]), null);
  assert.equal(readJavaKey('00'), undefined);
  assert.equal(readJavaKey('aced000574'), undefined);
});
