import { errorsPage } from './errors-page.ts';
import { metricsPage } from './metrics-page.ts';
import { commonPage, connectorPage, connectorPages, convertersPage, predicatesPage, transformsPage } from './plugin-pages.ts';
import { sinkCommonPage, sinkPages } from './sink-pages.ts';
import { workerPage } from './worker-page.ts';

const generated = '<!-- Written by `npm run docs` from the config specs: change those, not this page. -->';

/** Every generated page, by its path below docs. The same sources always give the same text. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  const connectors = await Promise.all(
    Object.entries(connectorPages).map(async ([path, page]) => [path, await connectorPage(page)] as const),
  );
  const written: readonly (readonly [path: string, text: string])[] = [
    ['reference/worker.md', workerPage()],
    ['reference/connector-common.md', commonPage()],
    ...connectors,
    ['reference/sink-common.md', sinkCommonPage()],
    ...(await sinkPages()),
    ['reference/transforms.md', await transformsPage()],
    ['reference/predicates.md', await predicatesPage()],
    ['reference/converters.md', await convertersPage()],
    ['reference/metrics.md', metricsPage()],
    ['errors.md', errorsPage()],
  ];
  return new Map(written.map(([path, text]) => [path, `${generated}\n${text.trim()}\n`]));
}
