import { SluiceError } from '../../contract/index.ts';
import type { ResolvedConnector } from './connector-plan.ts';

/** Connect's text for a config with faults. */
export function invalidConfig(resolved: ResolvedConnector): SluiceError {
  const listed = resolved.faults.map(({ message }) => message).join('\n');
  return new SluiceError(
    'BAD_REQUEST',
    `Connector configuration is invalid and contains the following ${resolved.faults.length} error(s):\n${listed}\nYou can also find the above list of errors at the endpoint \`/connector-plugins/{connectorType}/config/validate\``,
  );
}
