import { type ConfigOf, configSpec, options, type Plugin, type Predicate } from '../../src/contract/index.ts';
import { notEmpty } from '../records/options.ts';

const headerOptions = { name: options.string({ doc: 'The header name.', validate: notEmpty }) };

/** org.apache.kafka.connect.transforms.predicates.HasHeaderKey: records with at least one header of this name. */
export const hasHeaderKey: Plugin<ConfigOf<typeof headerOptions>, Predicate> = {
  spec: configSpec({ options: headerOptions }),
  create:
    ({ name }) =>
    record =>
      record.headers.some(({ key }) => key === name),
};
