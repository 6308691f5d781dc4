import type { Plugin, Transform } from '../../src/contract/index.ts';
import { transformFailed } from './envelope.ts';
import { beforeExpression, routerSpec, type ScriptingConfig } from './scripting/options.ts';

/** io.debezium.transforms.ContentBasedRouter: the expression gives the topic; null leaves it. */
export const contentBasedRouter: Plugin<ScriptingConfig, Transform> = {
  spec: routerSpec,
  sharedHeaders: 'keeps',
  create: config => record => {
    const step = beforeExpression(record, config);
    if (step !== 'evaluate') return step === 'pass' ? record : null;
    let topic: unknown;
    try {
      topic = config.expression.evaluate(record);
    } catch (error) {
      throw transformFailed('ContentBasedRouter', record, `topic.expression: ${(error as Error).message}`, error);
    }
    if (topic === null) return record;
    if (typeof topic !== 'string') throw transformFailed('ContentBasedRouter', record, 'topic.expression: its result is no text');
    return { ...record, topic };
  },
};
