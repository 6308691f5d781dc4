import { type ConfigFault, configSpec, type OptionPattern, options, type RawConfig } from '../contract/index.ts';
import type { ListenerAddress } from './rest-options.ts';

const group = 'TLS of the REST listeners';
const notInNode = 'it configures the Java TLS stack; remove it.';
const stores = ['pem', 'pkcs12', 'jks'] as const;

/** Kafka's `ssl.*`, as a listener reads them. */
const tlsOptions = {
  'ssl.keystore.location': options.string({
    default: null,
    group,
    importance: 'HIGH',
    doc: 'File with the private key and its certificate chain, PEM (one after the other) or PKCS12. Read again when it changes.',
  }),
  'ssl.keystore.type': options.choice(stores, {
    default: null,
    group,
    doc: 'Format of the key store; without it, what its first bytes say. JKS files have to be converted, the message says how.',
  }),
  'ssl.keystore.password': options.password({ default: null, group, doc: 'Password of a PKCS12 key store.' }),
  'ssl.key.password': options.password({ default: null, group, doc: 'Password of an encrypted private key in PEM.' }),
  'ssl.keystore.key': options.password({ default: null, group, doc: 'The private key itself, as PEM, in the place of a file.' }),
  'ssl.keystore.certificate.chain': options.password({ default: null, group, doc: 'The certificate chain itself, as PEM.' }),
  'ssl.truststore.location': options.string({
    default: null,
    group,
    doc: 'PEM file with the authorities whose clients are let in (ssl.client.auth), and whose workers are called. Read again when it changes.',
  }),
  'ssl.truststore.type': options.choice(stores, { default: null, group, doc: 'Format of the trust store. Only PEM is supported.' }),
  'ssl.truststore.certificates': options.password({ default: null, group, doc: 'These authorities themselves, as PEM.' }),
  'ssl.truststore.password': options.password({
    default: null,
    group,
    doc: 'Password of the trust store.',
    unsupported: 'PEM trust stores have none; remove it.',
  }),
  'ssl.client.auth': options.choice(['none', 'requested', 'required'], {
    default: 'none',
    group,
    doc: 'Whether clients show a certificate: required: all; requested: those that have one; none: nobody is asked.',
  }),
  'ssl.enabled.protocols': options.list({ default: 'TLSv1.2,TLSv1.3', group, doc: 'TLS versions that may be used.' }),
  'ssl.protocol': options.choice(['tlsv1.3', 'tlsv1.2', 'tls'], { default: 'TLSv1.3', group, doc: 'The highest TLS version used.' }),
  'ssl.endpoint.identification.algorithm': options.choice(['https', ''], {
    default: 'https',
    group,
    doc: 'Of other workers that are called: https: their certificate must name their host; empty: it need not.',
  }),
  'ssl.cipher.suites': options.list({
    default: null,
    group,
    doc: 'Cipher suites.',
    unsupported: 'its names are Java’s; Node’s default suites are used.',
  }),
  'ssl.provider': options.string({ default: null, group, doc: 'Security provider.', unsupported: notInNode }),
  'ssl.keymanager.algorithm': options.string({ default: null, group, doc: 'Key manager.', unsupported: notInNode }),
  'ssl.trustmanager.algorithm': options.string({ default: null, group, doc: 'Trust manager.', unsupported: notInNode }),
  'ssl.secure.random.implementation': options.string({ default: null, group, doc: 'Random numbers.', unsupported: notInNode }),
  'ssl.engine.factory.class': options.string({ default: null, group, doc: 'TLS engine factory.', unsupported: notInNode }),
};

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/** TLS of listeners; its names are written with `listeners.https.` (or `admin.listeners.https.`) before them. */
export const listenerTlsSpec = configSpec({
  options: tlsOptions,
  refine(config, _raw, report) {
    const [location, key, chain] = [config['ssl.keystore.location'], config['ssl.keystore.key'], config['ssl.keystore.certificate.chain']];
    if ((key === null) !== (chain === null))
      report.fault('ssl.keystore.key', 'ssl.keystore.key and ssl.keystore.certificate.chain belong together.');
    if (location === null && key === null)
      report.fault(
        'ssl.keystore.location',
        'An https listener needs ssl.keystore.location: a PEM or PKCS12 file with its key and certificates.',
      );
    if (location !== null && key !== null)
      report.fault('ssl.keystore.key', 'Give ssl.keystore.location or the key and its chain themselves, not both.');
    if (config['ssl.keystore.type'] === 'pem' && config['ssl.keystore.password'] !== null)
      report.fault('ssl.keystore.password', 'A PEM key store has no password; that of an encrypted key is ssl.key.password.');
    const trusts = config['ssl.truststore.location'] !== null || config['ssl.truststore.certificates'] !== null;
    if (config['ssl.client.auth'] !== 'none' && !trusts)
      report.fault(
        'ssl.client.auth',
        'Certificates of clients need ssl.truststore.location: the authorities whose certificates are trusted.',
      );
    const enabled = config['ssl.enabled.protocols'];
    for (const name of enabled)
      if (!versions.some(version => version === name))
        report.fault('ssl.enabled.protocols', `${name} is not supported; ssl.enabled.protocols may name ${versions.join(', ')}.`);
    const usable = versions.filter(name => enabled.includes(name) && !(config['ssl.protocol'] === 'tlsv1.2' && name === 'TLSv1.3'));
    const [lowest, highest] = [usable[0] ?? 'TLSv1.2', usable.at(-1) ?? 'TLSv1.3'];
    if (usable.length === 0) report.fault('ssl.enabled.protocols', 'ssl.enabled.protocols and ssl.protocol leave no TLS version to use.');
    return {
      keyStore: { location, type: config['ssl.keystore.type'], password: config['ssl.keystore.password'], key, chain },
      keyPassword: config['ssl.key.password'],
      trustStore: {
        location: config['ssl.truststore.location'],
        type: config['ssl.truststore.type'],
        certificates: config['ssl.truststore.certificates'],
      },
      clientAuth: config['ssl.client.auth'],
      versions: { lowest, highest },
      verifyHost: config['ssl.endpoint.identification.algorithm'] === 'https',
    };
  },
});

/** A listener's TLS. It holds secrets. */
export type ListenerTls = NonNullable<ReturnType<typeof listenerTlsSpec.parse>['config']> & {
  /** What the options' names begin with, for messages. */
  readonly prefix: string;
};

export type TlsPrefix = 'listeners.https.' | 'admin.listeners.https.';

export const listenerTlsPatterns: readonly OptionPattern[] = (['listeners.https.', 'admin.listeners.https.'] as const).map(prefix => ({
  pattern: new RegExp(`^${prefix.replaceAll('.', '\\.')}ssl\\..+$`),
  example: `${prefix}ssl.keystore.location`,
  doc: `TLS of ${prefix === 'listeners.https.' ? 'the https addresses in `listeners`' : 'those in `admin.listeners`'}: the options below, with ${prefix} before their names.`,
}));

function under(raw: RawConfig, prefix: string): RawConfig {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
}

/** Connect's valuesWithPrefixAllOrNothing: where no option has the prefix, those without it count (which are the Kafka clients' too). */
function prefixUsed(raw: RawConfig, prefix: TlsPrefix): TlsPrefix | '' {
  return Object.keys(raw).some(name => name.startsWith(`${prefix}ssl.`)) ? prefix : '';
}

type WithListeners = { readonly listeners: readonly ListenerAddress[]; readonly 'admin.listeners': readonly ListenerAddress[] | null };

const isSecure = ({ protocol }: ListenerAddress) => protocol === 'https';

/** Whether a listener takes its TLS from the options without a prefix. */
export function usesPlainTls(config: WithListeners, raw: RawConfig): boolean {
  return (
    (config.listeners.some(isSecure) && prefixUsed(raw, 'listeners.https.') === '') ||
    ((config['admin.listeners'] ?? []).some(isSecure) && prefixUsed(raw, 'admin.listeners.https.') === '')
  );
}

export type ParsedTls = {
  readonly tls: ListenerTls | null;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
};

/** The TLS of some listeners; null where none of them is https, and then what is given has no effect, which is told. */
export function parseListenerTls(listeners: readonly ListenerAddress[], raw: RawConfig, prefix: TlsPrefix): ParsedTls {
  const used = prefixUsed(raw, prefix);
  if (!listeners.some(isSecure)) {
    const idle = Object.keys(raw).find(name => name.startsWith(`${prefix}ssl.`));
    const message = `No https listener uses ${prefix}ssl.*: those options have no effect.`;
    return { tls: null, faults: [], warnings: idle === undefined ? [] : [{ option: idle, message }] };
  }
  const own = used === '' ? Object.fromEntries(Object.entries(raw).filter(([name]) => name.startsWith('ssl.'))) : under(raw, used);
  const { config, faults, warnings } = listenerTlsSpec.parse(own);
  const named = ({ option, message }: ConfigFault): ConfigFault => ({
    option: used + option,
    message: message.replaceAll(/(?<![\w.])ssl\./g, `${used === '' ? prefix : used}ssl.`),
  });
  return {
    tls: config === null ? null : { ...config, prefix: used },
    faults: faults.map(named),
    // Without a prefix they may be another's: the Kafka clients tell of those that nobody knows.
    warnings: used === '' ? [] : warnings.map(named),
  };
}
