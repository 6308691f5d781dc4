import type { Plugin, Transform } from '../../src/contract/index.ts';
import { transformFailed } from './envelope.ts';
import { beforeExpression, filterSpec, type ScriptingConfig } from './scripting/options.ts';

/** io.debezium.transforms.Filter: drops the records for which the condition is false. */
export const filter: Plugin<ScriptingConfig, Transform> = {
  spec: filterSpec,
  create: config => record => {
    const step = beforeExpression(record, config);
    if (step !== 'evaluate') return step === 'pass' ? record : null;
    let kept: unknown;
    try {
      kept = config.expression.evaluate(record);
    } catch (error) {
      throw transformFailed('Filter', record, `condition: ${(error as Error).message}`, error);
    }
    if (typeof kept !== 'boolean') throw transformFailed('Filter', record, 'condition: its result is neither true nor false');
    return kept ? record : null;
  },
};
