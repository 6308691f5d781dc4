import { parseConnectText } from '../contract/connect-text.ts';
import { configSpec, type Header, type HeaderConverter, type Plugin, type SchemaAndValue } from '../contract/index.ts';
import { conversionFailed } from './conversion-error.ts';
import { javaUtf8 } from './java-text.ts';
import { connectText } from './simple-header-text.ts';

/** Connect's SimpleHeaderConverter, the default for headers: values as texts, schemas inferred when reading. */
class SimpleHeaderConverter implements HeaderConverter {
  serializeHeader(topic: string, { schema, value }: Header): Uint8Array | null {
    if (value === null) return null;
    try {
      return javaUtf8(connectText(schema, value));
    } catch (fault) {
      throw conversionFailed('SimpleHeaderConverter', topic, fault);
    }
  }

  deserializeHeader(_topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema: null, value: null };
    return parseConnectText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  }
}

export const simpleHeaderConverter: Plugin<unknown, SimpleHeaderConverter> = {
  spec: configSpec({
    doc: 'Headers as texts; when they are read, their types are inferred. The default for headers, and for headers only.',
    options: {},
  }),
  create: () => new SimpleHeaderConverter(),
};
