/** A view that holds each row as it is, by its id; of a topic with a schema of its own. */
export function rowsView(topic: string): string {
  return `
tables:
  rows_of:
    topic: ${topic}
    key: id
    columns: { id: integer, name: text, amount: bigint }
views:
  view_of_${topic}:
    key: id
    from: { rows_of: id }
    select: select id, name, 100 / (amount - 666) as other, amount from rows_of
`;
}
