import {
  type ConfigSpec,
  configSpec,
  options,
  type Plugin,
  type Schema,
  SluiceError,
  Struct,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, operations, textAt, transformFailed } from './envelope.ts';
import { javaHash } from './partitions/java-hash.ts';
import { murmurHash3OfInt, murmurHash3OfText } from './partitions/murmur-hash-3.ts';

type RoutingConfig = {
  readonly paths: readonly (readonly string[])[];
  readonly partitions: number;
  readonly hash: (schema: Schema, value: Exclude<Value, null>) => number;
};

const routingSpec: ConfigSpec<RoutingConfig> = configSpec({
  doc: 'Chooses the partition by fields of the row in place of the key.',
  options: {
    'partition.payload.fields': options.list({
      importance: 'HIGH',
      displayName: 'List of payload fields to use for compute partition.',
      doc:
        'Fields of the envelope that choose the partition, with dots: after.name, source.table. change.name means after.name, of deletes ' +
        'before.name. Fields that a record does not have (or that are null) are left out.',
    }),
    'partition.topic.num': options.int({
      min: 1,
      importance: 'HIGH',
      displayName: 'Number of partition configured for topic',
      doc: 'How many partitions the topic has. Use a predicate on the topic’s name where topics differ.',
    }),
    'partition.hash.function': options.choice(['java', 'murmur'], {
      default: 'java',
      importance: 'LOW',
      displayName: 'Hash function',
      doc: 'The hash of the fields: Java’s hashCode, or MurmurHash3.',
    }),
  },
  refine(config, _raw, report): RoutingConfig {
    const fields = config['partition.payload.fields'];
    if (fields.length === 0 || fields.includes(''))
      report.fault('partition.payload.fields', 'The list must name fields, none of them empty.');
    return {
      paths: fields.map(field => field.split('.').map(part => part.trim())),
      partitions: config['partition.topic.num'],
      hash: config['partition.hash.function'] === 'murmur' ? murmur : javaHash,
    };
  },
});

function murmur(schema: Schema, value: Exclude<Value, null>): number {
  return typeof value === 'string' ? murmurHash3OfText(value) : murmurHash3OfInt(javaHash(schema, value));
}

/**
 * io.debezium.transforms.partitions.PartitionRouting: chooses the partition by fields of the envelope. Truncates, messages, tombstones and
 * records without an envelope or without any of the fields keep theirs.
 */
export const partitionRouting: Plugin<RoutingConfig, Transform> = {
  spec: routingSpec,
  sharedHeaders: 'keeps',
  create:
    ({ paths, partitions, hash }) =>
    record => {
      const envelope = envelopeOf(record);
      if (envelope === null) return record;
      const op = textAt(envelope, layoutOf(envelope.schema).op);
      if (op === operations.truncate || op === operations.message) return record;
      try {
        let sum = 0;
        let found = false;
        for (const path of paths) {
          const hashed = hashAt(envelope, path, op === operations.delete ? 'before' : 'after', hash);
          if (hashed === null) continue;
          sum = (sum + hashed) | 0;
          found = true;
        }
        if (!found) return record;
        const positive = sum & 0x7fff_ffff;
        return { ...record, partition: positive === 0x7fff_ffff ? 0 : positive % partitions };
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('PartitionRouting', record, (error as Error).message, error);
      }
    },
};

/** The hash of what a path leads to; null where it leads to nothing. (The reference fails where a struct on the way is null.) */
function hashAt(envelope: Struct, path: readonly string[], change: 'before' | 'after', hash: RoutingConfig['hash']): number | null {
  let struct: Struct = envelope;
  for (const [at, name] of path.entries()) {
    const last = at === path.length - 1;
    const field = struct.schema.field(name === 'change' && !last ? change : name);
    if (field === undefined) return null;
    const value = struct.values[field.index] ?? field.schema.default ?? null;
    if (last) {
      if (value === null) return null;
      try {
        return hash(field.schema, value);
      } catch (error) {
        throw new Error(`partition.payload.fields: '${path.join('.')}': ${(error as Error).message}`, { cause: error });
      }
    }
    if (!(value instanceof Struct)) return null;
    struct = value;
  }
  return null;
}
