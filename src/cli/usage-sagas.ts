import { type CommandUsage, restHelp, urlFlag, workerFlag } from './command-usage.ts';

/** What is to be done with sagas. */
export const sagaUsages: readonly CommandUsage[] = [
  {
    name: 'saga',
    synopsis: 'saga list|show|retry|skip|compensate [SAGA [ID]], or saga simulate FILE',
    summary: 'look at sagas, decide for those that are stuck, go every way of a definition',
    help: `  list                 the sagas of a worker
  list SAGA            its instances, the newest first
      --state STATE    only those that are running, compensating, completed, compensated or stuck
      --limit N        at most so many (default 100)
  show SAGA ID         one instance, by its correlation id, with all that happened to it
  retry SAGA ID        the command that is stuck is sent once more, and again as often as at first
  skip SAGA ID         the step counts as done, or as undone
  compensate SAGA ID   everything that was done is undone
  simulate FILE        every way that a definition may go, without a worker: what fails, what is
                       undone, what is left. Exit code 1 where the definition leaves a gap
      --why TEXT       the reason, which is kept: these three need it
      --step STEP      of retry and skip: which step (default: the one that is stuck)
      --json           of list and show: as REST answers; of simulate: as data

${restHelp}

  sluice saga simulate sagas/order-processing.yaml
  sluice saga list order-processing --state stuck
  sluice saga retry order-processing o-4711 --why "the payment service is back"`,
    flags: {
      ...urlFlag,
      ...workerFlag,
      state: { type: 'string' },
      limit: { type: 'string' },
      why: { type: 'string' },
      step: { type: 'string' },
      json: { type: 'boolean' },
    },
    arguments: { least: 1, most: 3 },
  },
];
