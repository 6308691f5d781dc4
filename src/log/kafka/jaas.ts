/** One login module of a `sasl.jaas.config`: its Java class and its options. */
export type JaasEntry = { readonly loginModule: string; readonly options: Readonly<Record<string, string>> };

/**
 * Reads a JAAS entry as Kafka does (org.apache.kafka.common.security.JaasConfig): `MODULE FLAG key="value" ... ;`, quotes single or
 * double with backslash escapes, comments as in Java. Throws an Error that says what is missing; never with a value in it.
 */
export function parseJaas(text: string): JaasEntry {
  const tokens = tokensOf(text);
  const loginModule = tokens.shift()?.text;
  if (loginModule === undefined) throw new Error('Login module not specified');
  const flag = tokens.shift()?.text.toLowerCase();
  if (flag === undefined || !['required', 'requisite', 'sufficient', 'optional'].includes(flag))
    throw new Error('Login module control flag (required, requisite, sufficient, optional) not specified');
  const options: Record<string, string> = {};
  for (;;) {
    const name = tokens.shift();
    if (name === undefined) throw new Error('JAAS config entry not terminated by semi-colon');
    if (name.text === ';' && !name.quoted) break;
    const equals = tokens.shift();
    const value = tokens.shift();
    if (equals?.text !== '=' || equals.quoted || value === undefined || (value.text === ';' && !value.quoted))
      throw new Error(`Value not specified for key '${name.text}'`);
    options[name.text] = value.text;
  }
  if (tokens.length > 0) throw new Error('JAAS config property contains more than one login module');
  return { loginModule, options };
}

type Token = { readonly text: string; readonly quoted: boolean };

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function tokensOf(text: string): Token[] {
  const pattern = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([=;])|([^\s=;"']+)/gy;
  const tokens: Token[] = [];
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw new Error('Unterminated quotation in the JAAS config');
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined)
      tokens.push({ text: quoted.replace(/\\([\s\S])/g, (_, escaped: string) => escapes[escaped] ?? escaped), quoted: true });
    else if (match[3] ?? match[4]) tokens.push({ text: match[3] ?? match[4]!, quoted: false });
  }
  return tokens;
}
