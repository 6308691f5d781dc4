import { readFile } from 'node:fs/promises';
import { SluiceError } from '../../src/contract/index.ts';
import { type Definitions, placed } from './definition.ts';
import type { ViewsConfig } from './options.ts';
import { readDefinitions } from './read-definitions.ts';

/** A text of several lines is the views themselves. */
function isText({ views }: ViewsConfig): boolean {
  return views.includes('\n');
}

/** The name of the file, or of the option where that has the text. */
export function viewsFile(config: ViewsConfig): string {
  return isText(config) ? 'views' : config.views;
}

/** Rejects CONFIG_FILE_UNREADABLE. */
export async function viewsText(config: ViewsConfig): Promise<string> {
  if (isText(config)) return config.views;
  try {
    return await readFile(config.views, 'utf8');
  } catch (cause) {
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `The file of views ${config.views} cannot be read.`, { cause });
  }
}

/** Rejects CONFIG_INVALID with all faults, each with its place. */
export async function viewsOf(config: ViewsConfig): Promise<Definitions> {
  const { definitions, faults } = readDefinitions(await viewsText(config), viewsFile(config));
  if (definitions !== null) return definitions;
  const messages = faults.filter(({ warning }) => !warning).map(found => placed(viewsFile(config), found));
  throw new SluiceError('CONFIG_INVALID', messages.join('\n'));
}
