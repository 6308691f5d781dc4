import { createHash } from 'node:crypto';

/** Slots at first; doubled before they are fuller than half. */
const slotsMin = 1024;

/**
 * A set of texts by 64 bits of their SHA-256, in two typed arrays: 16 to 32 bytes a text, whatever its length. Of ten million texts, one that is
 * not in it is taken for one that is with a chance of one in 10^12.
 */
export class DigestSet {
  #high = new Uint32Array(slotsMin);
  #low = new Uint32Array(slotsMin);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(text: string): void {
    if (this.#size * 2 >= this.#high.length) this.#grow();
    const [high, low] = digestOf(text);
    if (this.#insert(this.#high, this.#low, high, low)) this.#size++;
  }

  has(text: string): boolean {
    const [high, low] = digestOf(text);
    const mask = this.#high.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const [foundHigh, foundLow] = [this.#high[slot]!, this.#low[slot]!];
      if (foundHigh === 0 && foundLow === 0) return false;
      if (foundHigh === high && foundLow === low) return true;
    }
  }

  #insert(highs: Uint32Array, lows: Uint32Array, high: number, low: number): boolean {
    const mask = highs.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const [foundHigh, foundLow] = [highs[slot]!, lows[slot]!];
      if (foundHigh === high && foundLow === low) return false;
      if (foundHigh === 0 && foundLow === 0) {
        highs[slot] = high;
        lows[slot] = low;
        return true;
      }
    }
  }

  #grow(): void {
    const [highs, lows] = [new Uint32Array(this.#high.length * 2), new Uint32Array(this.#high.length * 2)];
    for (let slot = 0; slot < this.#high.length; slot++) {
      const [high, low] = [this.#high[slot]!, this.#low[slot]!];
      if (high !== 0 || low !== 0) this.#insert(highs, lows, high, low);
    }
    [this.#high, this.#low] = [highs, lows];
  }
}

/** Never both 0, which means an empty slot. */
function digestOf(text: string): readonly [high: number, low: number] {
  const bytes = createHash('sha256').update(text).digest();
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4) || 1];
}
