import { configSpec, type Plugin, type Transform } from '../src/contract/index.ts';

/** org.apache.kafka.connect.transforms.Filter: drops every record; used behind a predicate. */
export const filter: Plugin<object, Transform> = {
  spec: configSpec({ options: {} }),
  create: () => () => null,
};
