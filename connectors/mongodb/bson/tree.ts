import { bsonType, eachElement } from './elements.ts';

/** A value that nobody looks into, as its bytes. */
export type Leaf = { readonly type: number; readonly bytes: Buffer };

/** A document, or an array whose names are its indexes, with its elements in their order. */
export type Branch = { readonly type: typeof bsonType.document | typeof bsonType.array; readonly fields: Map<string, Node> };

export type Node = Leaf | Branch;

export function isBranch(node: Node | undefined): node is Branch {
  return node !== undefined && 'fields' in node;
}

/** The document's elements, to be taken away or renamed. What stays is written back byte for byte. */
export function readTree(bytes: Buffer, start = 0, type: Branch['type'] = bsonType.document): Branch {
  const fields = new Map<string, Node>();
  eachElement(bytes, start, (name, elementType, at, end) => {
    const branch = elementType === bsonType.document || elementType === bsonType.array;
    fields.set(name, branch ? readTree(bytes, at, elementType) : { type: elementType, bytes: bytes.subarray(at, end) });
  });
  return { type, fields };
}

/** The bytes of a tree. */
export function writeTree({ fields }: Branch): Buffer {
  const parts: Buffer[] = [];
  let length = 5;
  for (const [name, node] of fields) {
    const value = isBranch(node) ? writeTree(node) : node.bytes;
    const head = Buffer.from(`\u0000${name}\u0000`);
    head[0] = node.type;
    parts.push(head, value);
    length += head.length + value.length;
  }
  const size = Buffer.alloc(4);
  size.writeInt32LE(length);
  return Buffer.concat([size, ...parts, Buffer.alloc(1)], length);
}
