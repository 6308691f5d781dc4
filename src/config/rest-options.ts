import { options } from '../contract/index.ts';

const group = 'REST';

/** A URL a worker listens on. Port 0 is any free one. */
export type ListenerAddress = { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number };

function parseListeners(text: string): readonly ListenerAddress[] {
  return text.split(',').map(part => {
    const match = /^\s*(?:([a-z]+):\/\/)?(\[[0-9a-f:.]+\]|[^:/\s]*):(\d{1,5})\s*$/i.exec(part);
    if (!match || Number(match[3]) > 65535) throw new Error(`'${part.trim()}' is no listener; write http://127.0.0.1:8083`);
    const protocol = (match[1] ?? 'http').toLowerCase();
    if (protocol !== 'http' && protocol !== 'https') throw new Error(`${protocol} is not supported; listen on http or https`);
    const host = (match[2] ?? '').replace(/^\[|\]$/g, '');
    // Kafka's form for all interfaces is an empty host.
    return { protocol, host: host === '' ? '0.0.0.0' : host, port: Number(match[3]) };
  });
}

/** A header that every REST answer carries. */
export type ResponseHeader = { readonly name: string; readonly value: string; readonly mode: 'set' | 'add' };

/** `[set|add] NAME: VALUE` joined by commas, as response.http.headers.config has it; a header with commas stands in double quotes. */
function parseResponseHeaders(text: string): readonly ResponseHeader[] {
  const parts = text.match(/"[^"]*"|[^,]+/g) ?? [];
  return parts.map(part => {
    const match = /^\s*"?\s*(set|add|setDate|addDate)\s+([!#$%&'*+.^_`|~0-9a-z-]+)\s*:\s*(.*?)\s*"?\s*$/i.exec(part);
    if (!match) throw new Error(`'${part.trim()}' is no header action; write 'set X-Frame-Options: DENY'`);
    const mode = match[1]!.toLowerCase();
    if (mode !== 'set' && mode !== 'add') throw new Error(`the action '${match[1]}' is not supported; use set or add`);
    return { mode, name: match[2]!, value: match[3]! };
  });
}

/** Kafka Connect's options of its REST interface. */
export const restOptions = {
  listeners: options.parsed(
    'LIST',
    {
      default: 'http://127.0.0.1:8083',
      group,
      importance: 'HIGH',
      doc: 'Addresses the REST API listens on, http or https. `http://:8083` is all interfaces. https takes its certificate from `listeners.https.ssl.keystore.location`.',
    },
    parseListeners,
  ),
  'admin.listeners': options.parsed(
    'LIST',
    {
      default: null,
      group,
      doc: 'Addresses that answer /admin and nothing else, which `listeners` then do not; empty: nobody answers it. Without this option `listeners` do. https takes its certificate from `admin.listeners.https.ssl.keystore.location`.',
    },
    text => (text.trim() === '' ? [] : parseListeners(text)),
  ),
  'rest.advertised.host.name': options.string({
    default: null,
    group,
    doc: 'Host name in worker_id; without it the first listener’s.',
  }),
  'rest.advertised.port': options.int({
    default: null,
    group,
    min: 0,
    max: 65535,
    doc: 'Port in worker_id; without it the first listener’s.',
  }),
  'rest.advertised.listener': options.choice(['http', 'https'], {
    default: null,
    group,
    doc: 'The protocol by which other workers call this one; without it http where a listener speaks it.',
  }),
  'response.http.headers.config': options.parsed(
    'STRING',
    { default: '', group, doc: 'Headers of every answer: `set NAME: VALUE, add NAME: VALUE`.' },
    parseResponseHeaders,
  ),
  'access.control.allow.origin': options.string({
    default: '',
    group,
    doc: 'Origins whose pages may call from a browser (`*` or one a comma; `https://*.example.com` too). Empty: none, and what such a page would change is refused.',
  }),
  'access.control.allow.methods': options.string({
    default: '',
    group,
    doc: 'Methods that such calls may use; empty: GET, POST and HEAD.',
  }),
  'topic.tracking.enable': options.boolean({ default: 'true', group, doc: 'Answer GET /connectors/NAME/topics.' }),
  'topic.tracking.allow.reset': options.boolean({ default: 'true', group, doc: 'Answer PUT /connectors/NAME/topics/reset.' }),
};
