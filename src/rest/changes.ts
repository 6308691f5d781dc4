import type { TargetState } from '../contract/index.ts';
import type { WantedConnector } from '../engine/changes/connector-change.ts';
import type { ChangeRequest, ConnectorChanges } from '../engine/changes/connector-changes.ts';
import { type Answer, ok, RequestError } from './answer.ts';
import { configOf, objectOf, parseTexts, type TextTree } from './request-body.ts';
import type { RestRequest, Route } from './router.ts';

type Fields = { readonly [name: string]: TextTree };

/** Connectors of one plan. */
const connectorsMax = 1000;

const states: Readonly<Record<string, TargetState>> = { RUNNING: 'STARTED', PAUSED: 'PAUSED', STOPPED: 'STOPPED' };

function stateOf({ initial_state: state = 'RUNNING' }: Fields): TargetState {
  const known = typeof state === 'string' ? states[state.toUpperCase()] : undefined;
  if (known === undefined) throw new RequestError(400, `"initial_state" must be one of ${Object.keys(states).join(', ')}.`);
  return known;
}

function isSet(fields: Fields, name: string): boolean {
  const value = fields[name] ?? 'false';
  if (value !== 'true' && value !== 'false') throw new RequestError(400, `"${name}" must be true or false.`);
  return value === 'true';
}

function refuseOthers(fields: Fields, known: readonly string[], what: string): void {
  const unknown = Object.keys(fields).find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new RequestError(400, `${what} has no "${unknown}" (known are ${known.map(name => `"${name}"`).join(', ')}).`);
}

function wantedOf(entry: TextTree): WantedConnector {
  const fields = objectOf(entry, 'Each of "connectors"');
  refuseOthers(fields, ['name', 'config', 'initial_state'], 'A connector');
  const name = typeof fields['name'] === 'string' ? fields['name'].trim() : '';
  if (name === '') throw new RequestError(400, 'Each of "connectors" needs a "name".');
  const config = configOf(fields['config'] ?? null, `"config" of ${name}`);
  const empty = Object.entries(config).find(([, value]) => value === null);
  if (empty) throw new RequestError(400, `The value of '${empty[0]}' must be a text, not null.`);
  return { name, config: { ...(config as Record<string, string>), name }, file: null, targetState: stateOf(fields) };
}

/** What connectors would become, and making them so: `sluice plan` and `sluice apply`. */
export function changeRoutes(changes: ConnectorChanges): readonly Route[] {
  async function plan({ body }: RestRequest): Promise<Answer> {
    const fields = body.trim() === '' ? {} : objectOf(parseTexts(body), 'The request');
    refuseOthers(fields, ['connectors', 'prune'], 'The request');
    const listed = fields['connectors'];
    if (listed === undefined) return ok(await changes.planFiles());
    if (!Array.isArray(listed) || listed.length > connectorsMax)
      throw new RequestError(400, `"connectors" must be a list of at most ${connectorsMax} connectors.`);
    const wanted = (listed as readonly TextTree[]).map(wantedOf);
    const double = wanted.find(({ name }, index) => wanted.findIndex(other => other.name === name) !== index);
    if (double) throw new RequestError(400, `The connector '${double.name}' is there twice.`);
    return ok(await changes.plan(wanted, isSet(fields, 'prune')));
  }

  async function apply({ parameters, body }: RestRequest): Promise<Answer> {
    const fields = objectOf(parseTexts(body), 'The request');
    refuseOthers(fields, ['config', 'file', 'initial_state', 'lose_position'], 'The request');
    const how = { initialState: stateOf(fields), losePosition: isSet(fields, 'lose_position') };
    const fromFile = isSet(fields, 'file');
    if (fromFile === 'config' in fields) throw new RequestError(400, 'Give either "config" or "file": true.');
    const config = fields['config'] ?? null;
    const request: ChangeRequest = fromFile
      ? { file: true, ...how }
      : { config: config === null ? null : configOf(config, '"config"'), ...how };
    return ok(await changes.apply(parameters['connector']!, request));
  }

  return [
    { path: '/sluice/plan', whenReady: true, methods: { POST: plan } },
    { path: '/sluice/connectors/{connector}/apply', whenReady: true, whose: { makes: true }, methods: { PUT: apply } },
  ];
}
