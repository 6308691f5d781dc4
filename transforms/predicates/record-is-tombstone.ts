import { configSpec, type Plugin, type Predicate } from '../../src/contract/index.ts';

/** org.apache.kafka.connect.transforms.predicates.RecordIsTombstone: records with a null value. */
export const recordIsTombstone: Plugin<object, Predicate> = {
  spec: configSpec({ options: {} }),
  create: () => record => record.value === null,
};
