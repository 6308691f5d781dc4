/** Most memory that lies here unused, of the whole process. */
const unusedBytesMax = 8 * 1024 * 1024;
/** A piece is given out only where it is not wasted on much less. */
const wasteFactorMax = 4;

/**
 * Memory that goes round: what carries records from the serializer to the log is as large as megabytes and lives for milliseconds, so that
 * left to the garbage collector it would pile up outside its heap faster than it is collected (measured: a third of the process). Whoever is
 * done with a piece gives it back; who forgets to does no harm. Pieces are never part of another one, so that they can be transferred.
 */
class SlabMemory {
  readonly #unused: Buffer[] = [];
  #unusedBytes = 0;

  /** A piece of at least so many bytes, whatever was written in it before. */
  take(bytes: number): Buffer {
    let best = -1;
    for (let index = 0; index < this.#unused.length; index++) {
      const { length } = this.#unused[index]!;
      if (length >= bytes && length <= bytes * wasteFactorMax && (best < 0 || length < this.#unused[best]!.length)) best = index;
    }
    if (best < 0) return Buffer.allocUnsafeSlow(bytes);
    const [piece] = this.#unused.splice(best, 1);
    this.#unusedBytes -= piece!.length;
    return piece!;
  }

  /** Gives a piece back; nobody may look at it any more. One that is not whole memory of its own is left to the collector. */
  giveBack(piece: Uint8Array): void {
    if (piece.byteLength === 0 || piece.byteLength !== piece.buffer.byteLength || piece.byteLength > unusedBytesMax) return;
    this.#unused.push(Buffer.from(piece.buffer));
    this.#unusedBytes += piece.byteLength;
    // The oldest goes: sizes follow the load.
    while (this.#unusedBytes > unusedBytesMax) this.#unusedBytes -= this.#unused.shift()!.length;
  }
}

/** The one of this thread. */
export const slabMemory = new SlabMemory();
