import type { Plugin } from '../../src/contract/index.ts';
import { JdbcSink } from './jdbc-sink.ts';
import { type JdbcConfig, jdbcSpec } from './options.ts';
import { JdbcVerification } from './verification.ts';

/** The sink of plain tables. */
export const jdbcSink: Plugin<JdbcConfig, JdbcSink> = {
  spec: jdbcSpec,
  create: (config, context) => new JdbcSink(config, context),
  sinkVerification: (config, _context, group) => new JdbcVerification(config, group),
};
