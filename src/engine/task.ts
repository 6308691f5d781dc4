import { runSinkTask } from './sink/sink-task.ts';
import type { SinkTaskPlan } from './sink/sink-task-plan.ts';
import { runSourceTask } from './source/source-task.ts';
import type { SourceTaskPlan } from './source/source-task-plan.ts';

/** One attempt of a task, of either kind. */
export type TaskPlan = SourceTaskPlan | SinkTaskPlan;

/** What runs a task: `runTask`. */
export type RunTask = (plan: TaskPlan, abort: AbortSignal) => Promise<void>;

/** Runs a task until it is aborted or has ended; rejects with the SluiceError that stopped it. */
export const runTask: RunTask = (plan, abort) => ('sink' in plan ? runSinkTask(plan, abort) : runSourceTask(plan, abort));
