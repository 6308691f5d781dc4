import type { ResolveTransforms } from '../engine/connector-transforms.ts';

/** Stands in until the chain is there: a connector without transforms has none, any other is refused. */
export const resolveTransforms: ResolveTransforms = async (_raw, { transforms }) => ({
  faults: transforms.map(name => ({ option: `transforms.${name}.type`, message: 'Transforms are not supported yet.' })),
  warnings: [],
  states: [],
  make: () => null,
});
