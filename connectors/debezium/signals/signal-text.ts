import type { SourceSignal } from '../../../src/contract/index.ts';

/** A signal as files and topics hold it, `{"id", "type", "data"}` as JSON; null: it is none. */
export function readSignalText(text: string): SourceSignal | null {
  try {
    const { id, type, data = null } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof type !== 'string' || id === undefined || id === null) return null;
    return { id: String(id), type, data: data === null ? null : JSON.stringify(data) };
  } catch {
    return null;
  }
}
