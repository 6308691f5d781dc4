import { EventCursor } from '../../binlog/cursor.ts';
import { malformed } from '../../binlog/malformed.ts';
import { jsonText } from './binary.ts';
import { quoted } from './text.ts';
import { type JsonMember, type JsonNode, parseTree, treeText } from './tree.ts';

/** Json_diff's operations (sql/json_diff.h). */
const operations = { REPLACE: 0, INSERT: 1, REMOVE: 2 } as const;

/** A step of a path: a member's name or a cell's place. */
type Leg = string | number;

const legs = /\[(\d{1,10})\]|\.("(?:[^"\\]|\\.)*"|[^.["\]]+)/gy;

/** `$.a[0]."b c"` */
function parsePath(path: string): Leg[] {
  if (!path.startsWith('$')) throw malformed('a partial update with a path of an unknown form');
  const found: Leg[] = [];
  legs.lastIndex = 1;
  while (legs.lastIndex < path.length) {
    const match = legs.exec(path);
    if (match === null) throw malformed('a partial update with a path of an unknown form');
    if (match[1] !== undefined) found.push(Number(match[1]));
    else found.push(match[2]!.startsWith('"') ? (JSON.parse(match[2]!) as string) : match[2]!);
  }
  return found;
}

function misses(): never {
  throw malformed('a partial update of a place that the former value does not have');
}

/** The server sorts an object's members by the length of their names in bytes, then by the bytes. */
function before(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length ? left.compare(right) < 0 : left.length < right.length;
}

function insertMember(members: JsonMember[], name: string, value: JsonNode): void {
  if (members.some(member => member.name === name)) misses();
  const place = members.findIndex(member => before(name, member.name));
  members.splice(place < 0 ? members.length : place, 0, { key: quoted(name), name, value });
}

function step(node: JsonNode, leg: Leg): JsonNode {
  if (typeof leg === 'string') return (node.kind === 'object' && node.members.find(({ name }) => name === leg)?.value) || misses();
  if (node.kind === 'array') return node.items[leg] ?? misses();
  return leg === 0 ? node : misses(); // a scalar counts as an array of one
}

function replace(parent: JsonNode, leg: Leg, value: JsonNode): void {
  if (typeof leg === 'number') {
    if (parent.kind !== 'array' || leg >= parent.items.length) misses();
    parent.items[leg] = value;
    return;
  }
  const member = parent.kind === 'object' ? parent.members.find(({ name }) => name === leg) : undefined;
  if (member === undefined) misses();
  member.value = value;
}

function remove(parent: JsonNode, leg: Leg): void {
  if (parent.kind === 'array' && typeof leg === 'number' && leg < parent.items.length) parent.items.splice(leg, 1);
  else if (parent.kind === 'object') {
    const place = parent.members.findIndex(({ name }) => name === leg);
    if (place < 0) misses();
    parent.members.splice(place, 1);
  } else misses();
}

function insert(parent: JsonNode, leg: Leg, value: JsonNode): void {
  if (parent.kind === 'array' && typeof leg === 'number') parent.items.splice(leg, 0, value);
  else if (parent.kind === 'object' && typeof leg === 'string') insertMember(parent.members, leg, value);
  else misses();
}

/**
 * Applies the changes in `bytes` (Json_diff_vector::write_binary: operation, path, value) to the former value's text. Throws
 * MALFORMED_MESSAGE where they do not fit each other.
 */
export function patchJson(bytes: Buffer, former: string): string {
  const cursor = new EventCursor().start(bytes, 0, bytes.length);
  let root = parseTree(former);
  while (cursor.left > 0) {
    const operation = cursor.uint8();
    const path = parsePath(cursor.text(cursor.packedInt()));
    let value: JsonNode | null = null;
    if (operation !== operations.REMOVE) {
      const size = cursor.packedInt();
      const start = cursor.take(size);
      value = parseTree(jsonText(bytes, start, start + size));
    }
    const last = path.pop();
    if (last === undefined) {
      if (operation !== operations.REPLACE || value === null) misses();
      root = value;
      continue;
    }
    const parent = path.reduce(step, root);
    if (operation === operations.REPLACE) replace(parent, last, value!);
    else if (operation === operations.INSERT) insert(parent, last, value!);
    else if (operation === operations.REMOVE) remove(parent, last);
    else throw malformed(`a partial update of an unknown kind (${operation})`);
  }
  return treeText(root);
}
