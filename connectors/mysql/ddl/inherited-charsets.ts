import type { SetVariable } from './statement.ts';

/** The character sets that tables inherit: from their database, else from the server. */
export class InheritedCharsets {
  readonly #byDatabase = new Map<string, string>();
  readonly #variables = { global: new Map<string, string>(), session: new Map<string, string>() };

  clear(): void {
    this.#byDatabase.clear();
    this.#variables.global.clear();
    this.#variables.session.clear();
  }

  /** A table's: its own, or what it inherits; null: not known. */
  of(named: string | null, database: string): string | null {
    if (named !== null && !isDefault(named)) return named;
    const inherited = this.#byDatabase.get(database) ?? this.#variable('character_set_database');
    return inherited !== null && !isDefault(inherited) ? inherited : this.#variable('character_set_server');
  }

  setDatabase(database: string, named: string): void {
    const charset = isDefault(named) ? this.#variable('character_set_server') : named;
    if (charset !== null) this.#byDatabase.set(database, charset);
  }

  dropDatabase(database: string): void {
    this.#byDatabase.delete(database);
  }

  /** Another database is the current one. */
  use(database: string): void {
    const charset = this.#byDatabase.get(database);
    if (charset === undefined) this.#variables.session.delete('character_set_database');
    else this.#variables.session.set('character_set_database', charset);
  }

  set({ scope, name, value }: SetVariable, database: string | null): void {
    this.#variables[scope].set(name, value);
    if (name === 'character_set_database' && database) this.#byDatabase.set(database, value);
  }

  /** Statements that set them again; `database`: where each is run, empty: none. */
  statements(): readonly { readonly database: string; readonly ddl: string }[] {
    const server = this.#variable('character_set_server');
    return [
      ...(server === null ? [] : [{ database: '', ddl: `SET character_set_server=${server}` }]),
      ...[...this.#byDatabase].map(([database, charset]) => ({
        database,
        ddl: `CREATE DATABASE \`${database.replaceAll('`', '``')}\` CHARSET ${charset}`,
      })),
    ];
  }

  #variable(name: string): string | null {
    return this.#variables.session.get(name) ?? this.#variables.global.get(name) ?? null;
  }
}

function isDefault(charset: string): boolean {
  return charset.toUpperCase() === 'DEFAULT';
}
