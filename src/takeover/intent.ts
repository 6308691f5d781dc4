import type { RawConfig } from '../contract/index.ts';

/** An option by which Debezium 3 and Sluice differ on purpose. */
export type IntendedDifference = {
  readonly option: string;
  readonly value: string;
  /** What each of the two does, in a sentence. */
  readonly why: string;
};

const unwrap = /(?:^|\.)(?:ExtractNewRecordState|ExtractNewDocumentState|unwrap)$/;

/** Options of ExtractNewRecordState that Debezium 3 does not know any more, and what takes effect here. */
const ofUnwrap: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: 'drop.tombstones',
    why: 'Debezium 3 ignores it and goes by delete.tombstone.handling.mode alone; Sluice does as it says.',
  },
  {
    name: 'delete.handling.mode',
    why: 'Debezium 3 ignores it and goes by delete.tombstone.handling.mode alone; Sluice does as it says.',
  },
];

/** Where the records of a config would differ, since one of the two ignores an option. */
export function intendedDifferences(config: RawConfig): readonly IntendedDifference[] {
  return Object.entries(config).flatMap(([option, type]) => {
    const alias = /^transforms\.(.+)\.type$/.exec(option)?.[1];
    if (alias === undefined || !unwrap.test(type.trim())) return [];
    return ofUnwrap.flatMap(({ name, why }) => {
      const full = `transforms.${alias}.${name}`;
      const value = config[full];
      return value === undefined ? [] : [{ option: full, value, why }];
    });
  });
}

/** A config without options. */
export function without(config: RawConfig, options: readonly string[]): RawConfig {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !options.includes(name)));
}
