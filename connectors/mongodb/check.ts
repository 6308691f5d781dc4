import type { MongoClient } from 'mongodb';
import { type CheckResult, type SluiceError, toSluiceError } from '../../src/contract/index.ts';
import { changeStreamCommand, streamTarget } from './change-stream-command.ts';
import type { Collections } from './collections.ts';
import { connect, shownHosts } from './connection.ts';
import { databaseError } from './database-error.ts';
import { RawCursor } from './raw-cursor.ts';
import type { MongoSettings } from './settings.ts';

/** What blames the server as a whole stands under this option, as with Debezium. */
const serverOption = 'mongodb.connection.string';

/** The wire version of MongoDB 6.0: older servers have no pre-images. */
const oldestWireVersion = 17;

const ok = (subject: string, message: string): CheckResult => ({ subject, status: 'ok', code: null, option: null, message, remedy: null });

function warning(subject: string, option: string, message: string, remedy: string): CheckResult {
  return { subject, status: 'warning', code: null, option, message, remedy };
}

function faultOf(subject: string, { code, message, remedy }: SluiceError, option = serverOption): CheckResult {
  return { subject, status: 'fault', code, option, message, remedy };
}

/** Everything a start needs, looked at without changing anything; all faults at once. */
export async function checkServer(settings: MongoSettings, collections: Collections, abort: AbortSignal): Promise<readonly CheckResult[]> {
  let client: MongoClient;
  try {
    client = await connect(settings.connection, abort);
  } catch (error) {
    return [faultOf('login', toSluiceError(error))];
  }
  try {
    return [
      ok('login', `Logged in at ${shownHosts(settings.connection)}`),
      await checkVersion(client),
      ...(settings.streams ? [await checkStream(client, settings, abort)] : []),
      ...(await checkCollections(client, settings, collections)),
    ];
  } catch (error) {
    return [faultOf('server', databaseError(error, 'Asking the server'))];
  } finally {
    await client.close().catch(() => {});
  }
}

async function checkVersion(client: MongoClient): Promise<CheckResult> {
  const { maxWireVersion } = await client.db('admin').command({ hello: 1 });
  if (Number(maxWireVersion) >= oldestWireVersion) return ok('server version', `Wire version ${maxWireVersion}`);
  return warning(
    'server version',
    serverOption,
    `The server is older than MongoDB 6.0 (wire version ${maxWireVersion}): it tells neither wall times nor pre-images`,
    'Upgrade the server to MongoDB 6.0 or newer.',
  );
}

async function checkStream(client: MongoClient, { capture }: MongoSettings, abort: AbortSignal): Promise<CheckResult> {
  try {
    const now = changeStreamCommand({ ...capture, startAtOperationTime: null }, null, 0);
    await using _cursor = await RawCursor.open(client, streamTarget(capture).database, now, abort);
    return ok('change stream', 'It can be opened');
  } catch (error) {
    return faultOf('change stream', databaseError(error, 'Opening a change stream'));
  }
}

async function checkCollections(client: MongoClient, settings: MongoSettings, collections: Collections): Promise<readonly CheckResult[]> {
  const listed = await collections.list(client);
  const misspelt = settings.filters
    .unmatched(listed)
    .map(({ option, pattern }) =>
      warning(
        option,
        option,
        `'${pattern}' matches no collection`,
        'Correct the pattern: it must fit the whole name. Collections may also be made later.',
      ),
    );
  if (listed.length > 0) return [ok('collections', `${listed.length} collections are captured`), ...misspelt];
  const none = 'No collection matches the include and exclude lists now; those made later are captured';
  return [warning('collections', 'collection.include.list', none, 'Correct the lists if that is not meant.'), ...misspelt];
}
