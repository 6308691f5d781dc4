/** A member of the group and the connectors it runs. */
export type GroupMember = { readonly member: string; readonly owned: readonly string[] };

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Shares connectors out: every member gets as many as any other, give or take one, and keeps what it runs as far as that allows, so that as
 * few as can be move. A connector is given to nobody as long as somebody else runs it: its owner does not find it in its share, stops it and
 * joins again, and the next sharing gives it away (Connect's incremental cooperative rebalancing, KIP-415). So two sharings are enough,
 * and at no time two members run the same. What two members both say they run is taken from both first.
 *
 * A pure function of its arguments, whatever their order.
 */
export function assignConnectors(connectors: readonly string[], members: readonly GroupMember[]): Map<string, string[]> {
  const wanted = new Set(connectors);
  const claims = new Map<string, number>();
  for (const { owned } of members) for (const name of new Set(owned)) claims.set(name, (claims.get(name) ?? 0) + 1);
  const shares = members
    .map(({ member, owned }) => ({
      member,
      runs: [...new Set(owned)].filter(name => wanted.has(name) && claims.get(name) === 1).sort(byName),
      share: [] as string[],
    }))
    // Those that run most are those that may have one more than the others.
    .sort((a, b) => b.runs.length - a.runs.length || byName(a.member, b.member));
  if (shares.length === 0) return new Map();
  const least = Math.floor(wanted.size / shares.length);
  const withOneMore = wanted.size % shares.length;
  const room = (index: number) => least + (index < withOneMore ? 1 : 0);
  for (const [index, { runs, share }] of shares.entries()) share.push(...runs.slice(0, room(index)));
  const free = [...wanted].filter(name => !claims.has(name)).sort(byName);
  for (const name of free) {
    // The one that has furthest to go, so that a few new connectors do not all start in one place.
    let [chosen, missing] = [0, 0];
    for (const [index, { share }] of shares.entries())
      if (room(index) - share.length > missing) [chosen, missing] = [index, room(index) - share.length];
    shares[chosen]!.share.push(name);
  }
  return new Map(shares.map(({ member, share }) => [member, share.sort(byName)]));
}
