import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConfigText } from '../../../src/config/document.ts';
import { parseJavaProperties } from '../../../src/config/java-properties.ts';

function entries(text: string, file = 'orders.yaml'): Record<string, string> {
  return Object.fromEntries(parseConfigText(file, text)[0]!.entries);
}

describe('a config file', () => {
  test('reads nested and flat names alike', () => {
    const nested = 'database:\n  hostname: db\n  port: 5432\ntopic.prefix: shop\n';
    assert.deepEqual(entries(nested), { 'database.hostname': 'db', 'database.port': '5432', 'topic.prefix': 'shop' });
  });

  test('keeps numbers and booleans as they are written', () => {
    assert.deepEqual(entries('a: 1.10\nb: 0755\nc: True\nd: 1e3\ne: 12345678901234567890\nf: "0755"\ng: no\n'), {
      a: '1.10',
      b: '0755',
      c: 'True',
      d: '1e3',
      e: '12345678901234567890',
      f: '0755',
      g: 'no',
    });
  });

  test('joins lists by commas', () => {
    assert.deepEqual(entries('table.include.list:\n  - public.a\n  - public.b\nports: [1, 2]\n'), {
      'table.include.list': 'public.a,public.b',
      ports: '1,2',
    });
  });

  test('may be JSON, also with tabs', () => {
    assert.deepEqual(entries('{\n\t"name": "x",\n\t"config": {\n\t\t"tasks.max": 1,\n\t\t"a": true\n\t}\n}', 'x.json'), {
      name: 'x',
      'config.tasks.max': '1',
      'config.a': 'true',
    });
  });

  test('may be a Java properties file, by its ending', () => {
    assert.deepEqual(entries('# worker\nbootstrap.servers=a:1\\\n  ,b:2\nkey.converter : X\n', 'connect.properties'), {
      'bootstrap.servers': 'a:1,b:2',
      'key.converter': 'X',
    });
  });

  test('keeps placeholders and anchors', () => {
    assert.deepEqual(entries(`base: &b\n  x: \${env:A}\ncopy: *b\n`), { 'base.x': `\${env:A}`, 'copy.x': `\${env:A}` });
  });

  const faults: readonly [why: string, text: string, message: RegExp][] = [
    ['bad syntax', 'a: 1\nb: [1\n', /orders\.yaml:[23]: /],
    ['a name given twice', 'a: 1\na: 2\n', /orders\.yaml:2: .*unique/i],
    ['a name given flat and nested', 'a.b: 1\na:\n  b: 2\n', /orders\.yaml:3: 'a\.b' is given twice/],
    ['a value left out', 'a: 1\nb:\nc: 2\n', /orders\.yaml:2: 'b' has no value/],
    ['a list of maps', 'a:\n  - x: 1\n', /orders\.yaml:2: 'a' is a list/],
    ['no map', '- a\n', /orders\.yaml:1: a config is a map/],
  ];
  for (const [why, text, message] of faults)
    test(`names file and line of ${why}`, () =>
      assert.throws(() => parseConfigText('orders.yaml', text), { code: 'CONFIG_FILE_UNREADABLE', message }));

  test('of several documents gives them all, without empty ones', () => {
    assert.equal(parseConfigText('x.yaml', 'a: 1\n---\nb: 2\n---\n').length, 2);
  });
});

describe('Java properties', () => {
  test('are read as java.util.Properties reads them', () => {
    const text = 'a = 1 \n! comment\nb:2\nc 3\nd\\ e\\=f=\\u0041\\t\\\\\nempty=\n  indented = x\npassword=p@ss=w:rd#1\n';
    const read = Object.fromEntries([...parseJavaProperties(text)].map(([name, { value }]) => [name, value]));
    assert.deepEqual(read, { a: '1 ', b: '2', c: '3', 'd e=f': 'A\t\\', empty: '', indented: 'x', password: 'p@ss=w:rd#1' });
  });

  test('give back what was escaped', () => {
    const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f' };
    const escaped = (text: string, special: RegExp) => text.replace(special, character => escapes[character] ?? `\\${character}`);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
        const read = parseJavaProperties(`${escaped(key, /[\\\n\r\t\f=: #!]/g)}=${escaped(value, /[\\\n\r\t\f]|^ /g)}\n`);
        return read.get(key)?.value === value;
      }),
    );
  });
});
