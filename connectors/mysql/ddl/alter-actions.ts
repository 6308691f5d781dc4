import type { ColumnModel } from '../table-model.ts';
import type { InheritedCharsets } from './inherited-charsets.ts';
import type { AlterAction } from './statement.ts';
import type { TableEditor } from './table-editor.ts';

type Change = (column: ColumnModel) => ColumnModel | null;

/**
 * The clauses of one ALTER TABLE, but for RENAME. What is dropped, changed and renamed are columns as they were before the statement, whatever
 * the order of its clauses; what is added and moved finds its place among those as they are behind it (mysql_prepare_alter_table). So
 * `ADD a ..., DROP a` puts a new column in the old one's place, and two columns may swap their names.
 */
export function applyAlterActions(
  editor: TableEditor,
  actions: readonly AlterAction[],
  charsets: InheritedCharsets,
  includeComments: boolean,
): void {
  for (const action of actions) changeWhole(editor, action, charsets, includeComments);
  const known = new Set(editor.names());
  editor.changeColumns(columnChanges(editor, actions));
  for (const action of actions) {
    if (action.kind === 'add column') {
      if (!action.ifNotExists || !editor.has(action.column.name)) editor.addColumn(action.column, action.place);
    } else if (action.kind === 'change column') {
      if (known.has(action.from.toLowerCase())) editor.place(action.column, action.place);
      // The model lacks the column: what it is now is known.
      else if (!action.ifExists) editor.addColumn(action.column, action.place);
    }
  }
  for (const action of actions) if (action.kind === 'add key') editor.addKey(action.key);
}

function changeWhole(editor: TableEditor, action: AlterAction, charsets: InheritedCharsets, includeComments: boolean): void {
  if (action.kind === 'drop primary key') editor.dropKey();
  else if (action.kind === 'convert') editor.convertTo(charsets.of(action.charsetName, editor.id.catalog) ?? action.charsetName);
  else if (action.kind === 'options') {
    const { charsetName, comment } = action.options;
    if (charsetName !== null) editor.defaultCharsetName = charsets.of(charsetName, editor.id.catalog);
    if (comment !== null && includeComments) editor.comment = comment;
  }
}

/** By the former names; several clauses may be about one column (a new name and a new default). */
function columnChanges(editor: TableEditor, actions: readonly AlterAction[]): ReadonlyMap<string, Change> {
  const changes = new Map<string, Change>();
  for (const action of actions) {
    const found = columnChange(editor, action);
    if (found === null) continue;
    const name = found.name.toLowerCase();
    const former = changes.get(name);
    changes.set(
      name,
      former === undefined
        ? found.change
        : column => {
            const changed = former(column);
            return changed === null ? null : found.change(changed);
          },
    );
  }
  return changes;
}

function columnChange(editor: TableEditor, action: AlterAction): { readonly name: string; readonly change: Change } | null {
  switch (action.kind) {
    case 'drop column':
      return { name: action.name, change: () => null };
    case 'rename column':
      return { name: action.from, change: column => ({ ...column, name: action.to }) };
    case 'change column':
      return { name: action.from, change: column => editor.redefined(action.column, action.modify ? null : column) };
    case 'alter default': {
      const hasDefaultValue = action.default !== null;
      const defaultValueExpression = action.default?.expression ?? null;
      return { name: action.name, change: column => ({ ...column, hasDefaultValue, defaultValueExpression }) };
    }
    default:
      return null;
  }
}
