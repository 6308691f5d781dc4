import type { InheritedCharsets } from './inherited-charsets.ts';
import type { AlterAction } from './statement.ts';
import type { TableEditor } from './table-editor.ts';

/** One clause of ALTER TABLE, but for RENAME. */
export function applyAlterAction(
  editor: TableEditor,
  item: Exclude<AlterAction, { kind: 'rename' }>,
  charsets: InheritedCharsets,
  includeComments: boolean,
): void {
  switch (item.kind) {
    case 'add column':
      if (!item.ifNotExists || !editor.has(item.column.name)) editor.addColumn(item.column, item.place);
      break;
    case 'change column':
      if (!item.ifExists || editor.has(item.from)) editor.changeColumn(item.from, item.column, item.place, item.modify);
      break;
    case 'add key':
      editor.addKey(item.key);
      break;
    case 'drop column':
      editor.dropColumn(item.name);
      break;
    case 'rename column':
      editor.renameColumn(item.from, item.to);
      break;
    case 'alter default':
      editor.setDefault(item.name, item.default?.expression ?? null, item.default !== null);
      break;
    case 'drop primary key':
      editor.dropKey();
      break;
    case 'convert':
      editor.convertTo(charsets.of(item.charsetName, editor.id.catalog) ?? item.charsetName);
      break;
    case 'options':
      if (item.options.charsetName !== null) editor.defaultCharsetName = charsets.of(item.options.charsetName, editor.id.catalog);
      if (item.options.comment !== null && includeComments) editor.comment = item.options.comment;
  }
}
