/** What a saga is written with in TypeScript: `import { defineSaga } from 'sluice/sagas'`. */
export { SluiceError } from '../../contract/index.ts';
export {
  type CommandSource,
  defineSaga,
  type PayloadSource,
  type SagaEvents,
  type SagaSource,
  type StepSource,
} from './definition/define-saga.ts';
export type { Place, PlacedDocument } from './definition/place.ts';
export type { PayloadShape, Reference } from './definition/reference.ts';
export { parseSaga, pinDefinition } from './definition.ts';
export { decide, nextDueAtMs } from './machine.ts';
export type * from './saga.ts';
