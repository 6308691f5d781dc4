import { type RawConfig, SluiceError } from '../../contract/index.ts';
import { maskConnectionStrings, namesSecret, secretMask } from '../../observe/secret-names.ts';

/** A value that holds nothing but placeholders is no secret: it names where the secret is. */
const placeholdersOnly = /^(?:\s*\$\{[^}]+:[^}]*\}\s*)+$/;

/** Tells whether an option is a secret by its type: PASSWORD in its plugin's spec. */
export type IsPasswordOption = (name: string) => boolean;

/** The value of an option as it may be shown (invariant 8). */
export function shownValue(name: string, value: string, isPassword: IsPasswordOption): string {
  if (value === '' || placeholdersOnly.test(value)) return value;
  return isPassword(name) || namesSecret(name) ? secretMask : maskConnectionStrings(value);
}

/** A config as REST answers show it: literal secrets masked, placeholders as they are. */
export function shownConfig(config: RawConfig, isPassword: IsPasswordOption): RawConfig {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, shownValue(name, value, isPassword)]));
}

/**
 * A config that was shown and comes back: a value that is the mask of the stored one means the stored one (invariant 8), so that
 * a client may GET a config, change a line and PUT it. Throws SluiceError BAD_REQUEST for a mask that stands for nothing.
 */
export function unmasked(submitted: RawConfig, stored: RawConfig | null, isPassword: IsPasswordOption): RawConfig {
  const refused: string[] = [];
  const config = Object.fromEntries(
    Object.entries(submitted).map(([name, value]) => {
      if (!value.includes(secretMask)) return [name, value];
      const before = stored?.[name];
      if (before !== undefined && shownValue(name, before, isPassword) === value) return [name, before];
      const standsForSecret = isPassword(name) || namesSecret(name) || maskConnectionStrings(value).includes(`:${secretMask}@`);
      if (standsForSecret) refused.push(name);
      return [name, value];
    }),
  );
  if (refused.length > 0)
    throw new SluiceError(
      'BAD_REQUEST',
      `The value of ${refused.join(', ')} is the mask that stands for a secret in answers, not a secret: give the secret itself, or a placeholder such as \${file:/path:key}.`,
    );
  return config;
}
