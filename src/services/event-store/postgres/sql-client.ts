/** A connection that is logged in: a client of `pg`, or a pool's. */
export type SqlClient = {
  query<Row extends object>(text: string, values?: unknown[]): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
};
