import { nearest, type RawConfig, SluiceError, toSluiceError } from '../contract/index.ts';
import type { ConfigProvider } from './config-providers.ts';

/** `${provider:path:key}` or `${provider:key}`, anywhere in a value (Connect's ConfigTransformer). */
const placeholder = /\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}/g;

/** A config with its placeholders replaced, and what went wrong on the way: one fault an option. */
export type ResolvedPlaceholders = {
  readonly config: RawConfig;
  readonly faults: readonly { readonly option: string; readonly message: string }[];
  readonly warnings: readonly { readonly option: string; readonly message: string }[];
};

/**
 * Replaces the placeholders of a config. A placeholder of an unknown provider stays as it is, as in Connect, with a warning. One that
 * its provider cannot answer is a fault.
 */
export async function resolvePlaceholders(raw: RawConfig, providers: ReadonlyMap<string, ConfigProvider>): Promise<ResolvedPlaceholders> {
  const config: Record<string, string> = {};
  const faults: { option: string; message: string }[] = [];
  const warnings: { option: string; message: string }[] = [];
  for (const [option, text] of Object.entries(raw)) {
    let resolved = '';
    let end = 0;
    for (const match of text.matchAll(placeholder)) {
      const [whole, name = '', path = '', key = ''] = match;
      const provider = providers.get(name);
      resolved += text.slice(end, match.index);
      end = match.index + whole.length;
      if (!provider) {
        const near = nearest(name, [...providers.keys()]);
        const hint = near ? `; did you mean '${near}'?` : ` (there are ${[...providers.keys()].join(', ')}).`;
        warnings.push({ option, message: `'${option}' keeps ${whole} as it is: there is no config provider '${name}'${hint}` });
        resolved += whole;
        continue;
      }
      try {
        resolved += await provider.get(path, key);
      } catch (error) {
        faults.push({ option, message: `Could not resolve ${whole} for configuration ${option}: ${toSluiceError(error).message}` });
      }
    }
    config[option] = resolved + text.slice(end);
  }
  return { config, faults, warnings };
}

/** As `resolvePlaceholders`, for a config that must resolve. Throws SluiceError CONFIG_PROVIDER_FAILED with all that went wrong. */
export async function resolveAllPlaceholders(raw: RawConfig, providers: ReadonlyMap<string, ConfigProvider>): Promise<RawConfig> {
  const { config, faults } = await resolvePlaceholders(raw, providers);
  if (faults.length > 0) throw new SluiceError('CONFIG_PROVIDER_FAILED', faults.map(({ message }) => message).join('\n'));
  return config;
}
