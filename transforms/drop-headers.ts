import { type ConfigOf, configSpec, type Plugin, type Transform } from '../src/contract/index.ts';
import { nonEmptyList } from './records/options.ts';
import { perHeaders } from './records/schema-cache.ts';

const dropOptions = { headers: nonEmptyList('The name of the headers to be removed.') };

/** org.apache.kafka.connect.transforms.DropHeaders: takes away every header of these names. */
export const dropHeaders: Plugin<ConfigOf<typeof dropOptions>, Transform> = {
  spec: configSpec({ doc: 'Takes away every header of the names given.', options: dropOptions }),
  create(config) {
    const names = new Set(config.headers);
    const keep = perHeaders(headers =>
      headers.some(({ key }) => names.has(key)) ? headers.filter(({ key }) => !names.has(key)) : headers,
    );
    return record => {
      const headers = keep(record.headers);
      return headers === record.headers ? record : { ...record, headers };
    };
  },
};
