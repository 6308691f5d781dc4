import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { mysqlSpec } from '../../../../connectors/mysql/options.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';

const minimal = { 'database.hostname': 'db', 'database.user': 'u', 'database.server.id': '5401', 'topic.prefix': 'srv' };

for (const [what, bytes, said] of [
  ['a JKS file', [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], /is a Java key store \(JKS\), not PEM/],
  ['a PKCS #12 file', [0x30, 0x82, 0x0a, 0x1b], /is a key store \(PKCS #12\), not PEM/],
  ['another file', [0x68, 0x69], /is not PEM/],
] as const) {
  for (const option of ['database.ssl.keystore', 'database.ssl.truststore'] as const) {
    test(`${what} as ${option} is refused by the option’s name, with the way to PEM`, async () => {
      using scratch = new ScratchFolder('key-stores');
      const file = scratch.file('store');
      await writeFile(file, Buffer.from(bytes));
      const { config } = mysqlSpec.parse({ ...minimal, [option]: file });
      assert.ok(config);
      await assert.rejects(config.settings.connection(), (error: { code?: string; message?: string; remedy?: string }) => {
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.match(error.message ?? '', said);
        assert.ok(error.message!.startsWith(`${option}: the file ${file}`));
        assert.match(error.remedy ?? '', /keytool -importkeystore .*; openssl pkcs12 /);
        return true;
      });
    });
  }
}
