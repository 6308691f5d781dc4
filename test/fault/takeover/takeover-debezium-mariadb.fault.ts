import { test } from 'node:test';
import { movesThereAndBack } from './moves-there-and-back.ts';

test(
  'a MariaDB connector goes from the real Debezium to the daemon and back under load, its table altered at both: nothing lost',
  {
    timeout: 900_000,
  },
  t => movesThereAndBack('mariadb', 71_101, t),
);
