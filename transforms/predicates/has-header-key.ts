import { type ConfigOf, configSpec, type Plugin, type Predicate } from '../../src/contract/index.ts';
import { notEmpty, textOption } from '../records/options.ts';

const headerOptions = { name: textOption({ doc: 'The header name.' }, notEmpty) };

/** org.apache.kafka.connect.transforms.predicates.HasHeaderKey: records with at least one header of this name. */
export const hasHeaderKey: Plugin<ConfigOf<typeof headerOptions>, Predicate> = {
  spec: configSpec({ doc: 'Records with at least one header of that name.', options: headerOptions }),
  create:
    ({ name }) =>
    record =>
      record.headers.some(({ key }) => key === name),
};
