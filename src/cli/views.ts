import { resolve } from 'node:path';
import { ViewsSink } from '../../sinks/views/views-sink.ts';
import { readConnectorFile } from '../config/connector-files.ts';
import { parseConfigText } from '../config/document.ts';
import { loadWorker, resolveWorker } from '../config/worker-file.ts';
import { SluiceError } from '../contract/index.ts';
import { resolveConnector } from '../engine/connector/connector-config.ts';
import type { CommandInput } from './command-line.ts';
import { noLogging } from './command-logging.ts';
import { kafkaOptions } from './kafka-options.ts';
import { clock, connectorResolving } from './worker.ts';

/** How long a comparison may take: it computes whole views. */
const verifyMsMax = 3_600_000;

/** `sluice views verify FILE [VIEW ...]`: computes views anew and compares; 1 where one differs from its select. */
export async function views({ terminal, positionals, text }: CommandInput): Promise<number> {
  const [action, file, ...names] = positionals;
  if (action !== 'verify') throw new SluiceError('BAD_REQUEST', `There is no action '${action}' of views, only verify.`);
  const logging = noLogging();
  const given = text('config');
  const [nothing] = parseConfigText('worker.yaml', '{}');
  const worker =
    given === null ? await resolveWorker(nothing!, process.env, kafkaOptions) : await loadWorker(given, process.env, kafkaOptions);
  let differing = 0;
  for (const { name, config } of await readConnectorFile(resolve(file!))) {
    const { plan, faults } = await resolveConnector(config, await connectorResolving(worker.config, logging));
    if (plan === null) throw new SluiceError('CONFIG_INVALID', faults.map(({ message }) => message).join('\n'));
    await using plugin = plan.createPlugin({ connector: plan.name, task: 0, logger: logging.logger('sluice.views'), clock });
    if (!(plugin instanceof ViewsSink)) throw new SluiceError('BAD_REQUEST', `The connector ${name} is no sink of views.`);
    for (const { view, rows, missing, surplus } of await plugin.verify(names, AbortSignal.timeout(verifyMsMax))) {
      const same = missing === 0 && surplus === 0;
      if (!same) differing++;
      const { green, red } = terminal.paint;
      terminal.out(
        same
          ? `${green('equal  ')}  ${view}: ${rows} rows\n`
          : `${red('differs')}  ${view}: ${missing} rows missing, ${surplus} too many, of ${rows}\n`,
      );
    }
  }
  return differing === 0 ? 0 : 1;
}
