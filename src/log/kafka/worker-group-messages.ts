import type { GroupAssignment, GroupWorker } from '../../contract/index.ts';
import { assignConnectors } from './worker-group-assignment.ts';

/** What a member tells of itself when it joins. */
export type MemberMetadata = GroupWorker & { readonly owned: readonly string[] };

/** What the leader tells everybody. */
export type Sharing = {
  readonly leader: string;
  /** Connectors that are given away in the next sharing, when those that run them have let them go. */
  readonly moving: readonly string[];
  readonly workers: readonly (GroupWorker & { readonly member: string; readonly connectors: readonly string[] })[];
};

const encode = (value: object): Buffer => Buffer.from(JSON.stringify(value));

export const encodeMetadata = (metadata: MemberMetadata): Buffer => encode(metadata);
export const encodeSharing = (sharing: Sharing): Buffer => encode(sharing);

/** A member's metadata; null for what no worker of ours has written. */
export function decodeMetadata(bytes: Buffer): MemberMetadata | null {
  const value = decode(bytes);
  if (!isObject(value)) return null;
  const { id, url, owned } = value;
  return typeof id === 'string' && typeof url === 'string' && isTexts(owned) ? { id, url, owned } : null;
}

/** The leader's sharing; null for what no leader of ours has written. */
export function decodeSharing(bytes: Buffer): Sharing | null {
  const value = decode(bytes);
  if (!isObject(value)) return null;
  const { leader, moving } = value;
  if (typeof leader !== 'string' || !isTexts(moving) || !Array.isArray(value['workers'])) return null;
  const workers = value['workers'].flatMap((worker: unknown) => {
    if (!isObject(worker)) return [];
    const { member, id, url, connectors } = worker;
    if (typeof member !== 'string' || typeof id !== 'string' || typeof url !== 'string' || !isTexts(connectors)) return [];
    return [{ member, id, url, connectors }];
  });
  return { leader, moving, workers };
}

/** A sharing as one member reads it; `before`: what it ran when it joined. Null where the sharing does not know the member or the leader. */
export function assignmentOf(sharing: Sharing, member: string, generation: number, before: ReadonlySet<string>): GroupAssignment | null {
  const own = sharing.workers.find(worker => worker.member === member);
  const leader = sharing.workers.find(worker => worker.member === sharing.leader);
  if (own === undefined || leader === undefined) return null;
  const known = ({ id, url }: GroupWorker): GroupWorker => ({ id, url });
  return {
    generation,
    connectors: new Set(own.connectors),
    fresh: new Set(own.connectors.filter(name => !before.has(name))),
    owners: new Map(sharing.workers.flatMap(worker => worker.connectors.map(name => [name, known(worker)]))),
    workers: sharing.workers.map(known),
    leader: known(leader),
    isLeader: sharing.leader === member,
  };
}

/** What a worker that is alone runs before the group has answered it. */
export function earlyAssignment(worker: GroupWorker, connectors: readonly string[]): GroupAssignment {
  const all = new Set(connectors);
  return {
    generation: 0,
    connectors: all,
    fresh: all,
    owners: new Map(connectors.map(name => [name, worker])),
    workers: [worker],
    leader: worker,
    isLeader: true,
  };
}

/** The sharing of these connectors among the members, as it is told to all of them. */
export function sharingOf(leader: string, connectors: readonly string[], metadata: ReadonlyMap<string, MemberMetadata>): Sharing {
  const shares = assignConnectors(
    connectors,
    [...metadata].map(([member, { owned }]) => ({ member, owned })),
  );
  const given = new Set([...shares.values()].flat());
  return {
    leader,
    moving: connectors.filter(name => !given.has(name)),
    workers: [...metadata].map(([member, { id, url }]) => ({ member, id, url, connectors: shares.get(member) ?? [] })),
  };
}

function decode(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string');
}
