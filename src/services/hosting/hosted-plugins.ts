import type { Plugin, PluginListing, PluginOf, PluginRegistry, PluginType, Source } from '../../contract/index.ts';

/** A source that only this worker has, since it reads what a service of it holds. */
export type HostedSource = { readonly class: string; readonly version: string; readonly plugin: Plugin<unknown, Source> };

/** The program's plugins, and the sources of this worker's services. */
export class HostedPlugins implements PluginRegistry {
  readonly #registry: PluginRegistry;
  readonly #sources: readonly HostedSource[];

  constructor(registry: PluginRegistry, sources: readonly HostedSource[]) {
    this.#registry = registry;
    this.#sources = sources;
  }

  list(): readonly PluginListing[] {
    const hosted = this.#sources.map(({ class: name, version }) => ({ type: 'source' as const, class: name, version }));
    return [...this.#registry.list(), ...hosted];
  }

  load<T extends PluginType>(type: T, name: string): Promise<PluginOf<T>> {
    const hosted = type === 'source' ? this.#sources.find(source => source.class === name) : undefined;
    return hosted === undefined ? this.#registry.load(type, name) : Promise.resolve(hosted.plugin as PluginOf<T>);
  }
}
