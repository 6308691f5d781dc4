import { errors } from '@elastic/elasticsearch';
import { SluiceError } from '../../src/contract/index.ts';
import { isJsonRecord, type JsonRecord } from './json-object.ts';

/** What an error of Elasticsearch says: its type and its reason, which may quote a row's value. */
export type Cause = { readonly type: string; readonly reason: string };

/** Reads `{type, reason}` out of an answer. */
export function causeOf(error: unknown): Cause {
  const body: JsonRecord = isJsonRecord(error) ? error : {};
  const [type, reason] = [body['type'], body['reason']];
  return { type: typeof type === 'string' ? type : 'error', reason: typeof reason === 'string' ? reason : '' };
}

/** Statuses of a server that is overloaded, starting or between masters: it may take the same request in a moment. */
const passing = new Set([429, 500, 502, 503, 504]);

/** Types that say the same whatever their status: a disk that is full, a shard that has no primary now. */
const passingTypes = new Set(['cluster_block_exception', 'es_rejected_execution_exception', 'unavailable_shards_exception']);

/** Whether what was refused may be taken in a moment. */
export function isPassing(status: number, type: string): boolean {
  return passing.has(status) || passingTypes.has(type);
}

const certificateFault = /certificate|altnames|SSL routines|tlsv1 alert|wrong version number/i;

/**
 * Any failure of a request as an error of the catalogue. `doing` completes `... failed`: what was asked. Elasticsearch's reasons are left out,
 * since they quote values, unless `shown` says that the request holds none.
 */
export function targetError(error: unknown, doing: string, shown = false): SluiceError {
  if (error instanceof SluiceError) return error;
  if (error instanceof errors.ResponseError) return responseError(error, doing, shown);
  if (error instanceof errors.ProductNotSupportedError)
    return new SluiceError('TARGET_REFUSED', `${doing} failed: the server does not say that it is Elasticsearch.`, {
      remedy: 'Point connection.url at Elasticsearch 8 or 9; OpenSearch is not supported.',
    });
  if (error instanceof errors.ConnectionError && certificateFault.test(error.message))
    return new SluiceError('TARGET_REFUSED', `${doing} failed: ${error.message}`, {
      remedy: 'Check the server’s certificate against elastic.https.ssl.truststore.* and connection.url, and the client’s own.',
    });
  const message = error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error);
  return new SluiceError('TARGET_UNAVAILABLE', `${doing} failed: ${message}`, { cause: error });
}

function responseError(error: errors.ResponseError, doing: string, shown: boolean): SluiceError {
  const status = error.statusCode ?? 0;
  const body: unknown = error.body;
  const { type, reason } = causeOf(isJsonRecord(body) ? body['error'] : undefined);
  const said = `${doing} failed with status ${status} (${type})${shown && reason !== '' ? `: ${reason}` : ''}`;
  if (status === 401)
    return new SluiceError('TARGET_REFUSED', said, {
      remedy: 'Check connection.username and connection.password, or connection.api.key.',
    });
  if (status === 403 && !isPassing(status, type))
    return new SluiceError('TARGET_REFUSED', said, {
      remedy:
        'Give the user or the API key the privileges create_index, manage, read, index and delete on the sink’s indices and on state.index.',
    });
  return new SluiceError(isPassing(status, type) ? 'TARGET_UNAVAILABLE' : 'TARGET_REFUSED', said);
}

/** What can be said of a document that was refused without its values: which field, and why. */
export function refusalText({ type, reason }: Cause): string {
  const field = /(?:field|object mapping for|introduction of|mapper) \[([^\]]+)\]/.exec(reason)?.[1];
  const mapped = /of type \[([^\]]+)\]/.exec(reason)?.[1];
  const words = [
    /Limit of total fields \[\d+\] has been exceeded/.exec(reason)?.[0],
    /is a metadata field and cannot be added inside a document/.exec(reason)?.[0],
    /immense term in field="[^"]+"/.exec(reason)?.[0],
    /tried to parse field \[[^\]]+\] as object, but found a concrete value/.exec(reason)?.[0],
  ].filter(word => word !== undefined);
  const where = field === undefined ? '' : ` at the field '${field}'${mapped === undefined ? '' : `, which is mapped as ${mapped}`}`;
  return `${type}${where}${words.length > 0 ? `: ${words.join(', ')}` : ''}`;
}
