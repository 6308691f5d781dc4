import { type ConfigReport, configSpec, options, type RawConfig } from '../../src/contract/index.ts';

const group = 'HTTP';

function httpUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error('not a URL such as https://example.com/changes');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('its scheme must be http or https');
  return url;
}

const httpOptions = {
  'http.url': options.parsed('STRING', { doc: 'Where changes are sent to.', importance: 'HIGH', group, displayName: 'URL' }, httpUrl),
  'http.method': options.choice(['post', 'put'], {
    default: 'post',
    doc: 'Method of the requests.',
    importance: 'LOW',
    group,
    displayName: 'Method',
  }),
  'http.format': options.choice(['array', 'lines', 'single'], {
    default: 'array',
    doc: 'What a request holds: array, several records as an array of JSON; lines, the same as lines of JSON; single, one record.',
    group,
    displayName: 'Format',
  }),
  'http.batch.records': options.int({ default: '500', min: 1, doc: 'Most records of a request.', group, displayName: 'Batch records' }),
  'http.batch.bytes': options.int({
    default: '1048576',
    min: 1,
    doc: 'Most bytes of a request; a larger record goes alone.',
    importance: 'LOW',
    group,
    displayName: 'Batch bytes',
  }),
  'http.timeout.ms': options.int({
    default: '30000',
    min: 1,
    doc: 'Most milliseconds of a request.',
    importance: 'LOW',
    group,
    displayName: 'Timeout',
  }),
  'http.retry.after.max.ms': options.int({
    default: '300000',
    min: 0,
    doc: 'Most milliseconds that a Retry-After of the receiver is obeyed for.',
    importance: 'LOW',
    group,
    displayName: 'Longest Retry-After',
  }),
  'http.authorization': options.password({ default: null, doc: 'Value of the header Authorization.', group, displayName: 'Authorization' }),
  'http.hmac.secret': options.password({
    default: null,
    doc: 'Secret of the signature: the header http.hmac.header then holds sha256= and the HMAC-SHA256 of the body in hexadecimal digits.',
    group,
    displayName: 'HMAC secret',
  }),
  'http.hmac.header': options.string({
    default: 'X-Sluice-Signature',
    doc: 'Header of the signature.',
    importance: 'LOW',
    group,
    displayName: 'HMAC header',
  }),
  'http.idempotency.header': options.string({
    default: 'Idempotency-Key',
    doc: 'Header of the key by which a request that comes again is known.',
    importance: 'LOW',
    group,
    displayName: 'Idempotency header',
  }),
};

/** What the sink is told, resolved. */
export type HttpSettings = {
  readonly url: URL;
  readonly method: 'POST' | 'PUT';
  readonly format: 'array' | 'lines' | 'single';
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly retryAfterMsMax: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly hmac: { readonly secret: string; readonly header: string } | null;
  readonly idempotencyHeader: string;
};

const header = /^http\.header\.(.+)$/;

function headersOf(raw: RawConfig, report: ConfigReport): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    const key = header.exec(name)?.[1];
    if (key === undefined) continue;
    try {
      new Headers([[key, value]]);
      headers[key] = value;
    } catch {
      report.fault(name, 'This is no header that HTTP allows.');
    }
  }
  return headers;
}

/** The options of `http`. */
export const httpSpec = configSpec<typeof httpOptions, HttpSettings>({
  doc: 'Sends changes to a URL (a webhook), in batches, at least once, with a key that is the same for each delivery.',
  options: httpOptions,
  patterns: [{ pattern: header, doc: 'A header of each request.', example: 'http.header.X-Tenant' }],
  refine: (config, raw, report) => {
    const [secret, authorization] = [config['http.hmac.secret'], config['http.authorization']];
    if (config['http.url'].username !== '' || config['http.url'].password !== '')
      report.fault('http.url', 'A user and password belong in http.authorization, where they are kept secret.');
    return {
      url: config['http.url'],
      method: config['http.method'] === 'put' ? 'PUT' : 'POST',
      format: config['http.format'],
      recordsMax: config['http.format'] === 'single' ? 1 : config['http.batch.records'],
      bytesMax: config['http.batch.bytes'],
      timeoutMs: config['http.timeout.ms'],
      retryAfterMsMax: config['http.retry.after.max.ms'],
      headers: { ...headersOf(raw, report), ...(authorization !== null && { Authorization: authorization }) },
      hmac: secret === null ? null : { secret, header: config['http.hmac.header'] },
      idempotencyHeader: config['http.idempotency.header'],
    };
  },
});
