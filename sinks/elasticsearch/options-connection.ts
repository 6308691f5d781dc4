import { options } from '../../src/contract/index.ts';

const group = 'Connection';
const tls = 'Security';
const prefix = 'elastic.https.';

/** Where Elasticsearch is and how it is talked to. Names and defaults are those of Confluent's connector, unless they say otherwise. */
export const connectionOptions = {
  'connection.url': options.parsed(
    'LIST',
    {
      doc: 'URLs of the cluster’s nodes, separated by commas: `http://search1:9200,http://search2:9200`. If one begins with https, all are asked by it.',
      importance: 'HIGH',
      group,
      displayName: 'Connection URLs',
    },
    nodeUrls,
  ),
  'connection.username': options.string({
    default: null,
    doc: 'User of basic authentication; used where connection.password is set too.',
    group,
    displayName: 'Connection Username',
  }),
  'connection.password': options.password({
    default: null,
    doc: 'Password of basic authentication.',
    group,
    displayName: 'Connection Password',
  }),
  'connection.api.key': options.password({
    default: null,
    doc: 'An API key in its encoded form (base64 of id and key), in place of user and password. Not an option of Confluent’s.',
    group,
    displayName: 'API Key',
  }),
  'connection.compression': options.boolean({
    default: 'false',
    doc: 'Compress requests with gzip.',
    importance: 'LOW',
    group,
    displayName: 'Compression',
  }),
  'connection.timeout.ms': options.int({
    default: '1000',
    min: 0,
    max: 43_200_000,
    doc: 'How long a connection may take to be made; 0: as long as it takes. The write is then tried again.',
    importance: 'LOW',
    group,
    displayName: 'Connection Timeout',
  }),
  'read.timeout.ms': options.int({
    default: '3000',
    min: 0,
    max: 604_800_000,
    doc: 'How long the server may take to answer; 0: as long as it takes. The write is then tried again: raise it where batches are large.',
    importance: 'LOW',
    group,
    displayName: 'Read Timeout',
  }),
  'max.connection.idle.time.ms': options.int({
    default: '60000',
    min: -1,
    max: 86_400_000,
    doc: 'An idle connection is closed after so long; -1: after ten minutes.',
    importance: 'LOW',
    group,
    displayName: 'Max Connection Idle Time',
  }),
  'elastic.security.protocol': options.choice(['plaintext', 'ssl'], {
    default: 'PLAINTEXT',
    doc: 'With SSL the options elastic.https.* say how the server is verified and which certificate is shown to it. A URL with https is asked by TLS in any case.',
    group: tls,
    displayName: 'Security protocol',
  }),
  [`${prefix}ssl.truststore.type` as const]: options.string({
    default: 'JKS',
    doc: 'Format of the trust store. Only PEM is supported.',
    group: tls,
  }),
  [`${prefix}ssl.truststore.location` as const]: options.string({
    default: null,
    doc: 'File with the certificates to trust, as PEM; without it, those this machine trusts.',
    group: tls,
  }),
  [`${prefix}ssl.truststore.certificates` as const]: options.password({
    default: null,
    doc: 'The certificates to trust themselves, as PEM.',
    group: tls,
  }),
  [`${prefix}ssl.keystore.type` as const]: options.string({
    default: 'JKS',
    doc: 'Format of the key store: PEM or PKCS12.',
    group: tls,
  }),
  [`${prefix}ssl.keystore.location` as const]: options.string({
    default: null,
    doc: 'File with this client’s key and certificate.',
    group: tls,
  }),
  [`${prefix}ssl.keystore.password` as const]: options.password({
    default: null,
    doc: 'Password of a PKCS12 key store.',
    group: tls,
  }),
  [`${prefix}ssl.keystore.key` as const]: options.password({ default: null, doc: 'This client’s key itself, as PEM.', group: tls }),
  [`${prefix}ssl.keystore.certificate.chain` as const]: options.password({
    default: null,
    doc: 'This client’s certificates themselves, as PEM.',
    group: tls,
  }),
  [`${prefix}ssl.key.password` as const]: options.password({ default: null, doc: 'Password of a private key in PEM.', group: tls }),
  [`${prefix}ssl.endpoint.identification.algorithm` as const]: options.string({
    default: 'https',
    doc: '`https`: the server’s certificate must be for the name it is asked by; empty: any name will do.',
    group: tls,
    validate(text) {
      if (text !== '' && text.toLowerCase() !== 'https') throw new Error('Only https and an empty text are known');
    },
  }),
};

/** The URLs; one without a protocol gets http, and https for one is https for all. */
function nodeUrls(text: string): readonly URL[] {
  const given = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
  if (given.length === 0) throw new Error('At least one URL is needed');
  const secure = given.some(part => /^https:/i.test(part));
  return given.map((part, index) => {
    const full = /^https?:\/\//i.test(part) ? part : `http://${part}`;
    if (!URL.canParse(full)) throw new Error(`URL ${index + 1} of the list is not valid`);
    const url = new URL(full);
    if (secure) url.protocol = 'https:';
    return url;
  });
}
