import { SluiceError } from '../../contract/index.ts';
import type { RecordedEvent, Upcasters } from './event-store.ts';
import { formatStream } from './stream-id.ts';

type Chain = { readonly first: number; readonly current: number; readonly steps: readonly Upcasters[string][number][] };

/** Upcasters looked through once. */
export type CompiledUpcasters = {
  /** Whether events of a type may have that schema version. `of` is said first in the error. Throws SluiceError EVENT_INVALID. */
  check(type: string, schemaVersion: number, of: string): void;
  /**
   * The event with its data, and its schema version, as they are today. Throws SluiceError EVENT_INVALID where no upcaster takes it, or one
   * fails, with the event's place.
   */
  upcast(event: RecordedEvent): RecordedEvent;
};

const invalid = (message: string, cause?: unknown) => new SluiceError('EVENT_INVALID', message, { cause });

function chainOf(type: string, byVersion: Upcasters[string]): Chain | null {
  const versions = Object.keys(byVersion)
    .map(Number)
    .sort((a, b) => a - b);
  const first = versions[0];
  if (first === undefined) return null;
  for (const [index, version] of versions.entries()) {
    if (!Number.isSafeInteger(version) || version < 1)
      throw invalid(`An upcaster of ${type} is from no version: name whole numbers from 1 on.`);
    if (version !== first + index) throw invalid(`The upcasters of ${type} have a gap: there is none from version ${first + index}.`);
  }
  return { first, current: first + versions.length, steps: versions.map(version => byVersion[version]!) };
}

/** Throws SluiceError EVENT_INVALID where a type's upcasters do not lead from one version to the next. */
export function compileUpcasters(upcasters: Upcasters = {}): CompiledUpcasters {
  const chains = new Map<string, Chain>();
  for (const [type, byVersion] of Object.entries(upcasters)) {
    const chain = chainOf(type, byVersion);
    if (chain) chains.set(type, chain);
  }

  function check(type: string, schemaVersion: number, of: string): void {
    const chain = chains.get(type);
    if (!chain || (schemaVersion >= chain.first && schemaVersion <= chain.current)) return;
    throw invalid(`${of}: schema version ${schemaVersion} of ${type} is unknown; known are ${chain.first} to ${chain.current}.`);
  }

  function upcast(event: RecordedEvent): RecordedEvent {
    const chain = chains.get(event.type);
    if (!chain || event.schemaVersion === chain.current) return event;
    const place = `Event ${event.version} of ${formatStream(event.stream)}`;
    check(event.type, event.schemaVersion, place);
    let { data, ...rest } = event;
    for (let version = event.schemaVersion; version < chain.current; version++) {
      try {
        data = chain.steps[version - chain.first]!(data, { ...rest, schemaVersion: version });
      } catch (thrown) {
        throw invalid(`${place}: the upcaster of ${event.type} from schema version ${version} failed.`, thrown);
      }
    }
    return { ...rest, data, schemaVersion: chain.current };
  }

  return { check, upcast };
}
