import { nearest } from '../../contract/index.ts';
import type { ConnectorType } from '../connector/connector-plan.ts';
import { theLog } from './request.ts';

/** A connector as far as it is known which of the two it is. */
export type KnownConnector = { readonly name: string; readonly type: ConnectorType | 'unknown' };

/** What is wrong with names that a source is to be verified against. */
export type AgainstFaults = {
  /** Names of sources: no connector that comes later makes that right. */
  readonly sources: readonly string[];
  /** Names of no connector: a sink may still come. */
  readonly missing: readonly string[];
};

/** Holds `verify.against` of a source against all the connectors that are known. */
export function againstFaults(source: string, against: readonly string[], connectors: readonly KnownConnector[]): AgainstFaults {
  const sinks = connectors.filter(({ name, type }) => type === 'sink' && name !== source).map(({ name }) => name);
  const meant = (name: string) => {
    const near = nearest(name, [...sinks, theLog]);
    return near === null ? `; sinks are ${sinks.length === 0 ? 'none' : sinks.slice(0, 10).join(', ')}` : `; did you mean '${near}'?`;
  };
  const others = against.filter(name => name !== theLog);
  const typeOf = (name: string) => (name === source ? 'source' : connectors.find(one => one.name === name)?.type);
  return {
    sources: others
      .filter(name => typeOf(name) === 'source')
      .map(name => `verify.against names '${name}', which is a source: tables are compared with sinks, or with the log${meant(name)}`),
    missing: others
      .filter(name => typeOf(name) === undefined)
      .map(name => `verify.against names '${name}', and there is no such sink${meant(name)}`),
  };
}
