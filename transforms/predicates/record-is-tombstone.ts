import { configSpec, type Plugin, type Predicate } from '../../src/contract/index.ts';

/** org.apache.kafka.connect.transforms.predicates.RecordIsTombstone: records with a null value. */
export const recordIsTombstone: Plugin<object, Predicate> = {
  spec: configSpec({ doc: 'Tombstones: records whose value is null. It takes no options.', options: {} }),
  create: () => record => record.value === null,
};
