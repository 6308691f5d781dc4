/** What is in the store at first, of each article. */
export const stockAtFirst = 1_000;
