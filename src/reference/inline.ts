/** Where an option is described, by its name and its older ones: a link of Markdown. */
export type Links = ReadonlyMap<string, string>;

/** What a text is about: the option itself needs no link, and its values are set as code. */
export type Subject = { readonly name: string; readonly values: readonly string[] };

const nobody: Subject = { name: '', values: [] };

const abbreviations = ['e.g', 'i.e'];

/** Names of options and classes, assignments, paths, templates: whatever reads as something typed and not as a word. */
function isTyped(word: string): boolean {
  return (
    /^[A-Za-z_$][\w$*-]*(?:\.[\w$*-]+)+(?:[:=]\S*)?$/.test(word) ||
    /^(?:[A-Z]+ )?\/[a-z]/.test(word) ||
    /[_$*<>{}\\`]/.test(word) ||
    /^[\w.]+=\S+$/.test(word)
  );
}

/** A code span, also of a text with backticks. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

function span(text: string, links: Links, self: Subject): string {
  const name = text.split('=', 1)[0]!;
  const link = name === self.name || !name.includes('.') ? undefined : links.get(name);
  return link === undefined ? code(text) : `[${code(text)}](${link})`;
}

/** A sentence of a config spec as Markdown: names in code spans, those of options with links, everything else as it reads. */
export function inline(text: string, links: Links = new Map(), self = nobody): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) => {
      if (index % 2 === 1) return span(part.slice(1, -1), links, self);
      return part.replace(/(?:GET|PUT|POST|PATCH|DELETE) \/[^\s,;()]+|[^\s,;()]+/g, word => {
        const [, before = '', core = '', after = ''] = /^(["'“]*)(.*?)(["'”.:!?]*)$/s.exec(word) ?? [];
        if (core === '' || abbreviations.includes(core)) return word;
        return isTyped(core) || (core.length > 1 && self.values.includes(core)) ? `${before}${span(core, links, self)}${after}` : word;
      });
    })
    .join('');
}

/** For a cell of a table. */
export function cell(markdown: string): string {
  return markdown.replaceAll('|', '\\|');
}

/** A text of Markdown that begins with a word begins with a capital. */
export function capitalised(markdown: string): string {
  return markdown.charAt(0).toUpperCase() + markdown.slice(1);
}

/** With a full stop at its end. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
