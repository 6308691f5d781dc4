import { type Client, errors } from '@elastic/elasticsearch';
import { type Logger, type Schema, SluiceError } from '../../src/contract/index.ts';
import { isJsonRecord, type JsonRecord, within } from './json-object.ts';
import { missingProperties, rowProperties } from './mapping.ts';
import type { IndexSettings } from './settings.ts';
import { causeOf, targetError } from './target-error.ts';

type Known = { properties: JsonRecord; readonly schemas: WeakSet<Schema> };

/** What is known of an index's mapping; null where there is no such index. */
export async function readMapping(client: Client, index: string, signal: AbortSignal): Promise<JsonRecord | null> {
  try {
    const request = { method: 'GET', path: `/${encodeURIComponent(index)}/_mapping` };
    const answer = await client.transport.request<Readonly<Record<string, JsonRecord>>>(request, { signal });
    // An alias is answered for by the index behind it.
    const mappings = Object.values(answer)[0]?.['mappings'];
    return isJsonRecord(mappings) ? mappings : {};
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 404) return null;
    throw targetError(error, `Reading the mapping of ${index}`, true);
  }
}

/** The indices the sink has to do with: made when they are first needed, and mapped by the schemas of their records as those come. */
export class IndexCatalogue {
  readonly #client: Client;
  readonly #settings: IndexSettings;
  readonly #compactMaps: boolean;
  readonly #logger: Logger;
  readonly #known = new Map<string, Known>();

  constructor(client: Client, settings: IndexSettings, compactMaps: boolean, logger: Logger) {
    this.#client = client;
    this.#settings = settings;
    this.#compactMaps = compactMaps;
    this.#logger = logger;
  }

  /** Whether nothing is to be done before documents of this schema are written to the index. */
  isReady(index: string, schema: Schema | null): boolean {
    const known = this.#known.get(index);
    return known !== undefined && (schema === null || known.schemas.has(schema));
  }

  /** Sees to it that the index is there, and to the mapping of this schema's fields; a null schema has none to see to. */
  async prepare(index: string, schema: Schema | null, signal: AbortSignal): Promise<void> {
    if (this.isReady(index, schema)) return;
    const wanted = schema === null ? {} : rowProperties(schema, this.#compactMaps);
    const known = this.#known.get(index) ?? (await this.#open(index, wanted, signal));
    const missing = missingProperties(wanted, known.properties);
    if (Object.keys(missing).length > 0) {
      await this.#addMapping(index, missing, signal);
      known.properties = { ...known.properties, ...missing };
    }
    if (schema !== null) known.schemas.add(schema);
    this.#known.set(index, known);
  }

  /** Something is not as it was: look again before the next write. */
  forget(): void {
    this.#known.clear();
  }

  async #open(index: string, wanted: JsonRecord, signal: AbortSignal): Promise<Known> {
    const there = (await readMapping(this.#client, index, signal)) ?? (await this.#make(index, wanted, signal));
    return { properties: within(there, 'properties'), schemas: new WeakSet() };
  }

  /** Makes the index, mapped as the option says and by the schema where it says nothing. */
  async #make(index: string, wanted: JsonRecord, signal: AbortSignal): Promise<JsonRecord> {
    const { made, settings, mappings: given } = this.#settings;
    if (!made) {
      throw new SluiceError('TARGET_REFUSED', `There is no index or alias ${index}, and external.resource.usage says that there is.`, {
        remedy: 'Make it, or correct topic.to.external.resource.mapping; then restart the task.',
      });
    }
    const properties = { ...missingProperties(wanted, within(given, 'properties')), ...within(given, 'properties') };
    const mappings = { ...given, properties };
    const request = { method: 'PUT', path: `/${encodeURIComponent(index)}`, body: { settings, mappings } };
    try {
      await this.#client.transport.request(request, { signal });
      this.#logger.info({ index }, `The index ${index} was made`);
    } catch (error) {
      if (!isThereAlready(error)) throw targetError(error, `Making the index ${index}`, true);
    }
    return (await readMapping(this.#client, index, signal)) ?? mappings;
  }

  async #addMapping(index: string, properties: JsonRecord, signal: AbortSignal): Promise<void> {
    const names = Object.keys(properties);
    const request = { method: 'PUT', path: `/${encodeURIComponent(index)}/_mapping`, body: { properties } };
    try {
      await this.#client.transport.request(request, { signal });
      this.#logger.info({ index, fields: names }, `The index ${index} maps ${names.length} more fields`);
    } catch (error) {
      throw targetError(error, `Adding the fields ${names.join(', ')} to the mapping of ${index}`, true);
    }
  }
}

/** Another task was faster. */
function isThereAlready(error: unknown): boolean {
  if (!(error instanceof errors.ResponseError)) return false;
  const body: unknown = error.body;
  return isJsonRecord(body) && causeOf(body['error']).type === 'resource_already_exists_exception';
}
