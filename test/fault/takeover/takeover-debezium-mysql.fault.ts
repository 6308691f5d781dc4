import { test } from 'node:test';
import { movesThereAndBack } from './moves-there-and-back.ts';

test(
  'a MySQL connector goes from the real Debezium to the daemon and back under load, its table altered at both: nothing lost',
  {
    timeout: 900_000,
  },
  t => movesThereAndBack('mysql', 71_001, t),
);
