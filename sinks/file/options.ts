import { configSpec, options } from '../../src/contract/index.ts';

const group = 'File';

const fileOptions = {
  file: options.string({
    default: null,
    doc: 'The file that records are appended to, made where there is none; left out: the standard output.',
    importance: 'HIGH',
    group,
    displayName: 'File',
  }),
  'file.format': options.choice(['text', 'json'], {
    default: 'text',
    doc: 'What a line holds: text, the value as Connect’s FileStreamSink writes a text or a number; json, the record with topic, place, key and value.',
    group,
    displayName: 'Format',
  }),
};

/** What the sink is told, resolved. */
export type FileSettings = { readonly file: string | null; readonly json: boolean };

/** The options of `file`. */
export const fileSpec = configSpec<typeof fileOptions, FileSettings>({
  doc: 'Appends a line a record to a file, at least once.',
  options: fileOptions,
  refine: config => ({ file: config.file, json: config['file.format'] === 'json' }),
});
