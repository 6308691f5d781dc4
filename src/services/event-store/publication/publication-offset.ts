import { SluiceError, type SourceOffset } from '../../../contract/index.ts';

/** Everything of a store up to a position is published. */
export function offsetOf(store: string, position: bigint): SourceOffset {
  return { partition: { store }, offset: { position: Number(position) } };
}

/** The position that is durable of a store; 0 where there is none of it. Throws SluiceError CONFIG_INVALID for an offset that somebody set wrongly. */
export function positionOf(offsets: readonly SourceOffset[], store: string): bigint {
  const own = offsets.find(({ partition }) => partition['store'] === store)?.offset;
  if (!own) return 0n;
  const { position } = own;
  if (typeof position === 'number' && Number.isSafeInteger(position) && position >= 0) return BigInt(position);
  throw new SluiceError('CONFIG_INVALID', "The stored offset of the event store's publication has no 'position' that is a whole number.", {
    remedy:
      'Set it by PATCH /connectors/NAME/offsets: the position of the last event that was published, or delete it to publish all again.',
  });
}
