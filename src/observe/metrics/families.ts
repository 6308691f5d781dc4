import { connectorFamilies, databaseFamilies } from './connector-families.ts';
import type { Family } from './family.ts';
import { snapshotFamilies } from './snapshot-families.ts';
import { sourceFamilies } from './source-families.ts';
import { taskFamilies } from './task-families.ts';
import { verificationFamilies } from './verification-families.ts';

/** Every metric of connectors, in the order in which they are shown. */
export const families: readonly Family[] = [
  ...connectorFamilies,
  ...taskFamilies,
  ...sourceFamilies,
  ...snapshotFamilies,
  ...databaseFamilies,
  ...verificationFamilies,
];
