import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { defaultValueOptions } from '../../connectors/mysql/values/value-options.ts';
import type { Struct } from '../../src/contract/index.ts';
import { JsonConverter } from '../../src/converters/json/json-converter.ts';
import { type Case, readCase } from '../conformance/case.ts';
import { differences, isObject, parseRecorded, type Recorded } from '../conformance/recorded.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMysql } from '../support/servers.ts';
import { MysqlTableDecoder } from './mysql-decoded-tables.ts';

/** One row image that the reference published: its table, where it came from, and the JSON of schema and value. */
type Image = {
  readonly table: string;
  readonly op: string;
  readonly side: 'before' | 'after';
  readonly schema: Recorded | null;
  readonly value: Recorded;
};

/** The row images of a case's recording, in their order. A changed key shows as delete and create; the binlog has one update. */
function goldenImages({ golden }: Case): Image[] {
  return golden.flatMap(line => {
    const { value } = parseRecorded(line) as { value: Recorded };
    if (!isObject(value)) return [];
    const payload = isObject(value['payload']) ? value['payload'] : value;
    const source = payload['source'];
    if (!isObject(source) || payload['op'] === undefined) return [];
    const fields = isObject(value['schema']) ? (value['schema'] as { fields: { field: string; fields: Recorded }[] }).fields : null;
    return (['before', 'after'] as const).flatMap(side => {
      const image = payload[side];
      if (!isObject(image)) return [];
      const schema = fields?.find(({ field }) => field === side)?.fields ?? null;
      return [{ table: String(source['table']), op: String(payload['op']), side, schema, value: image }];
    });
  });
}

const json = new JsonConverter({ schemasEnable: true, schemasCacheSize: 16, decimalFormat: 'base64', replaceNullWithDefault: true });

function image(table: string, op: string, side: 'before' | 'after', struct: Struct): Image {
  const written = parseRecorded(Buffer.from(json.serialize(table, struct.schema, struct)!).toString('utf8'));
  const { schema, payload } = written as { schema: { fields: Recorded }; payload: Recorded };
  return { table, op, side, schema: schema.fields, value: payload };
}

/** What the readers make of the case on a real server: the snapshot's rows first, then the changes. */
async function readImages(theCase: Case): Promise<Image[]> {
  const server = await sharedMysql();
  await using database = await freshMysqlDatabase(server);
  for (const script of theCase.setup) await database.run(script);
  const includeComments = theCase.config['include.schema.comments'] === 'true';
  await using decoder = await MysqlTableDecoder.open('mysql', server, database.name, defaultValueOptions, includeComments);
  const images: Image[] = [];
  for (const table of await decoder.tables())
    for (const row of await decoder.rows(table)) images.push(image(table.model.id.table, 'r', 'after', row));
  for (const script of theCase.workload.flat()) await database.run(script);
  for (const { op, table, before, after } of await decoder.changes()) {
    if (before) images.push(image(table, op, 'before', before));
    if (after) images.push(image(table, op, 'after', after));
  }
  return images;
}

/** Of updates that change the key the reference makes two records: only the images count. */
const kindOf = ({ op }: Image) => (op === 'r' ? 'snapshot' : 'stream');

for (const name of ['my-types', 'my-basic', 'my-dml', 'my-ddl']) {
  describe(`the column readers on ${name}`, () => {
    const expected = goldenImages(readCase(name)).filter(({ op }) => op !== 't');
    const tables = [...new Set(expected.map(({ table }) => table))];
    let got: Image[] = [];
    before(async () => {
      got = await readImages(readCase(name));
    });

    for (const table of tables) {
      test(`${table}: schemas and values, in snapshot and stream, are the reference's`, () => {
        const wanted = expected.filter(item => item.table === table);
        const have = got.filter(item => item.table === table);
        assert.equal(have.length, wanted.length, 'row images');
        const found = wanted.flatMap((item, index) => {
          const other = have[index]!;
          const schema = item.schema === null ? [] : differences(item.schema, other.schema!, `${index} schema`);
          return [
            ...differences(kindOf(item), kindOf(other), `${index} kind`),
            ...schema,
            ...differences(item.value, other.value, `${index} value`),
          ];
        });
        assert.deepEqual(found, []);
      });
    }
  });
}
