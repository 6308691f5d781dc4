/** A place in one list and the place of its equal in the other. */
export type Pair = readonly [left: number, right: number];

/** The pairs of a longest common subsequence of two lists, in order. */
export function align(left: readonly string[], right: readonly string[]): Pair[] {
  let start = 0;
  let leftEnd = left.length;
  let rightEnd = right.length;
  const pairs: Pair[] = [];
  const tail: Pair[] = [];
  for (; start < leftEnd && start < rightEnd && left[start] === right[start]; start++) pairs.push([start, start]);
  while (leftEnd > start && rightEnd > start && left[leftEnd - 1] === right[rightEnd - 1]) tail.unshift([--leftEnd, --rightEnd]);
  const rows = leftEnd - start;
  const columns = rightEnd - start;
  const lengths = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  const lengthAt = (row: number, column: number) => lengths[row]![column]!;
  const equal = (row: number, column: number) => left[start + row] === right[start + column];
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row]![column] = equal(row, column)
        ? lengthAt(row + 1, column + 1) + 1
        : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1));
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (equal(row, column)) pairs.push([start + row++, start + column++]);
    else if (lengthAt(row + 1, column) >= lengthAt(row, column + 1)) row++;
    else column++;
  }
  return [...pairs, ...tail];
}
