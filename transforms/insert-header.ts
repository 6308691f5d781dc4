import { type ConfigOf, configSpec, type Header, type Plugin, parseConnectText, type Transform } from '../src/contract/index.ts';
import { textOption } from './records/options.ts';
import { perHeaders } from './records/schema-cache.ts';

const insertOptions = {
  header: textOption({ doc: 'The name of the header.', importance: 'HIGH' }),
  'value.literal': textOption({
    doc: 'The literal value that is to be set as the header value on all records.',
    importance: 'HIGH',
  }),
};

/** org.apache.kafka.connect.transforms.InsertHeader: adds one header to every record, its type inferred from the literal (`12` is an int8). */
export const insertHeader: Plugin<ConfigOf<typeof insertOptions>, Transform> = {
  spec: configSpec({ doc: 'Adds a header with a fixed value to every record.', options: insertOptions }),
  create(config) {
    const header: Header = { key: config.header, ...parseConnectText(config['value.literal']) };
    const withHeader = perHeaders(headers => [...headers, header]);
    return record => ({ ...record, headers: withHeader(record.headers) });
  },
};
