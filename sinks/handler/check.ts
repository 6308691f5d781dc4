import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CheckResult, nearest, toSluiceError } from '../../src/contract/index.ts';
import { loadHandler } from './module.ts';
import type { HandlerConfig } from './options.ts';

/** What a start needs: a module that loads, with functions for what is read, and a file for the memory of effects. */
export async function checkHandler(config: HandlerConfig): Promise<readonly CheckResult[]> {
  const file = config['handler.once.file'];
  return [...(await checkModule(config)), ...(file === null ? [] : [await checkOnceFile(resolve(file))])];
}

async function checkModule(config: HandlerConfig): Promise<readonly CheckResult[]> {
  const { topics, transformed } = config;
  const option = 'handler.module';
  const subject = `module ${config[option]}`;
  try {
    const found = [...(await loadHandler(config[option])).keys()];
    const message = `It has functions for ${found.join(', ')}.`;
    const missing = topics.filter(topic => !found.includes(topic));
    // What transforms make of the topics' names is not known here.
    const idle = topics.length === 0 || transformed ? [] : found.filter(topic => !topics.includes(topic));
    return [
      { subject, status: 'ok', code: null, option, message, remedy: null },
      ...missing.map((topic): CheckResult => {
        const near = nearest(topic, found);
        return {
          subject,
          status: transformed ? 'warning' : 'fault',
          code: 'RECORD_REFUSED',
          option,
          message: `It has no functions for topic '${topic}'${near ? `; '${near}' is near.` : '.'}`,
          remedy: `Add '${topic}' to the default export ({} where nothing need be done), or take it out of topics.`,
        };
      }),
      ...idle.map((topic): CheckResult => {
        const unread = `It has functions for topic '${topic}', which the connector does not read.`;
        return { subject, status: 'warning', code: null, option, message: unread, remedy: `Add '${topic}' to topics.` };
      }),
    ];
  } catch (error) {
    const { code, message, remedy } = toSluiceError(error);
    return [{ subject, status: 'fault', code, option, message, remedy }];
  }
}

async function checkOnceFile(file: string): Promise<CheckResult> {
  const option = 'handler.once.file';
  const found = { subject: option, option } as const;
  try {
    await access(file, constants.R_OK | constants.W_OK).catch(() => access(dirname(file), constants.W_OK));
    return { ...found, status: 'ok', code: null, message: `${file} can be written.`, remedy: null };
  } catch {
    const remedy = 'Make the folder, or correct the path and its permissions.';
    return { ...found, status: 'fault', code: 'TARGET_UNAVAILABLE', message: `${file} cannot be written.`, remedy };
  }
}
