import type { Plugin } from '../../src/contract/index.ts';
import { type RedisSettings, redisSpec } from './options.ts';
import { RedisSink } from './sink.ts';
import { RedisVerification } from './verification.ts';

/** The sink `redis`. */
export const redisSink: Plugin<RedisSettings, RedisSink> = {
  spec: redisSpec,
  create: (config, context) => new RedisSink(config, context),
  sinkVerification: (config, context) => new RedisVerification(config, context),
};
