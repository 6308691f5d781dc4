import { configSpec, type Plugin, type Transform } from '../src/contract/index.ts';

/** org.apache.kafka.connect.transforms.Filter: drops every record; used behind a predicate. */
export const filter: Plugin<object, Transform> = {
  spec: configSpec({
    doc: 'Drops every record. With a `predicate` (and `negate`) it drops those that the predicate chooses; it takes no options of its own.',
    options: {},
  }),
  create: () => () => null,
};
