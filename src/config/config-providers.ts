import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { nearest, SluiceError } from '../contract/index.ts';
import { parseJavaProperties } from './java-properties.ts';

/** Finds the value that `${NAME:path:key}` stands for. Throws SluiceError CONFIG_PROVIDER_FAILED; never names a value. */
export type ConfigProvider = { get(path: string, key: string): Promise<string> };

/** The `param.*` of a provider. */
export type ProviderParameters = Readonly<Record<string, string>>;

function failed(message: string): SluiceError {
  return new SluiceError('CONFIG_PROVIDER_FAILED', message);
}

/** A check of paths against `allowed.paths`: a path is allowed where it is one of them or lies below one. */
function allowedPaths(parameters: ProviderParameters): (path: string) => string {
  const allowed = (parameters['allowed.paths'] ?? '')
    .split(',')
    .map(path => path.trim())
    .filter(path => path !== '');
  for (const path of allowed) if (!isAbsolute(path)) throw failed(`allowed.paths: '${path}' is not an absolute path.`);
  return path => {
    if (!isAbsolute(path)) throw failed(`'${path}' is not an absolute path.`);
    const plain = normalize(path);
    const within = (folder: string) => plain === folder || plain.startsWith(folder.endsWith(sep) ? folder : folder + sep);
    if (allowed.length > 0 && !allowed.map(normalize).some(within)) throw failed(`'${path}' is outside the provider's allowed.paths.`);
    return plain;
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw failed(`the file '${path}' cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}

/** `${file:/path:key}`: a key of a Java properties file. */
function fileProvider(parameters: ProviderParameters): ConfigProvider {
  const check = allowedPaths(parameters);
  return {
    async get(path, key) {
      if (path === '') throw failed(`a path is missing: write \${file:/path/to/file:key}.`);
      const entries = parseJavaProperties(await read(check(path)));
      const entry = entries.get(key);
      if (entry) return entry.value;
      const near = nearest(key, [...entries.keys()]);
      throw failed(`the file '${path}' has no key '${key}'${near ? `; did you mean '${near}'?` : '.'}`);
    },
  };
}

/** `${dir:/path:file}`: the content of a file in a folder, as it is. */
function directoryProvider(parameters: ProviderParameters): ConfigProvider {
  const check = allowedPaths(parameters);
  return {
    async get(path, key) {
      if (path === '') throw failed(`a path is missing: write \${dir:/path/to/folder:file}.`);
      if (key.includes('/') || key === '' || key === '.' || key === '..') throw failed(`'${key}' is not the name of a file in '${path}'.`);
      return read(join(check(path), key));
    },
  };
}

/** `${env:NAME}`: a variable of the environment, all of them or those that `allowlist.pattern` matches in full. */
function environmentProvider(parameters: ProviderParameters, environment: NodeJS.ProcessEnv): ConfigProvider {
  let allowed: RegExp;
  try {
    allowed = new RegExp(`^(?:${parameters['allowlist.pattern'] ?? '.*'})$`);
  } catch {
    throw failed(`allowlist.pattern '${parameters['allowlist.pattern']}' is no regular expression.`);
  }
  return {
    async get(path, key) {
      if (path !== '') throw failed(`variables of the environment have no path: write \${env:${key}}.`);
      const value = allowed.test(key) ? environment[key] : undefined;
      if (value === undefined) throw failed(`the variable '${key}' is not set, or not allowed to be read.`);
      return value;
    },
  };
}

const providerClasses: Readonly<Record<string, (parameters: ProviderParameters, environment: NodeJS.ProcessEnv) => ConfigProvider>> = {
  'org.apache.kafka.common.config.provider.FileConfigProvider': fileProvider,
  'org.apache.kafka.common.config.provider.DirectoryConfigProvider': directoryProvider,
  'org.apache.kafka.common.config.provider.EnvVarConfigProvider': environmentProvider,
};

const shortNames: Readonly<Record<string, string>> = {
  file: 'org.apache.kafka.common.config.provider.FileConfigProvider',
  dir: 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
  directory: 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
  env: 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
};

/** The providers a worker has where it names none. */
export const defaultProviders = 'file,env,dir';

/**
 * The providers that `config.providers` names, each with its `config.providers.NAME.class` and `.param.*`. The names file, env and
 * dir need no class. Throws SluiceError CONFIG_INVALID for what cannot be made.
 */
export function makeProviders(
  names: readonly string[],
  raw: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): ReadonlyMap<string, ConfigProvider> {
  return new Map(
    names.map(name => {
      const prefix = `config.providers.${name}.`;
      const given = raw[`${prefix}class`] ?? shortNames[name];
      const make = given === undefined ? undefined : providerClasses[shortNames[given] ?? given];
      if (given === undefined)
        throw new SluiceError('CONFIG_INVALID', `Missing required configuration "${prefix}class" which has no default value.`);
      if (!make) {
        const near = nearest(given, [...Object.keys(providerClasses), ...Object.keys(shortNames)]);
        throw new SluiceError(
          'CONFIG_INVALID',
          `${prefix}class: there is no config provider '${given}'${near ? `; did you mean '${near}'?` : '.'}`,
        );
      }
      const parameters = Object.entries(raw)
        .filter(([option]) => option.startsWith(`${prefix}param.`))
        .map(([option, value]) => [option.slice(prefix.length + 'param.'.length), value] as const);
      return [name, make(Object.fromEntries(parameters), environment)] as const;
    }),
  );
}
