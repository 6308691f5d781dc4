import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { defaultValueOptions, type ValueOptions } from '../../connectors/postgres/values/value-options.ts';
import type { Struct } from '../../src/contract/index.ts';
import { JsonConverter } from '../../src/converters/json/json-converter.ts';
import { type Case, readCase } from '../conformance/case.ts';
import { differences, isObject, parseRecorded, type Recorded } from '../conformance/recorded.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { TableDecoder } from './decoded-tables.ts';

/** One row image that the reference published: its table, where it came from, and the JSON of schema and value. */
type Image = {
  readonly table: string;
  readonly op: string;
  readonly side: 'before' | 'after';
  readonly schema: Recorded;
  readonly value: Recorded;
};

/** The row images of a case's recording, in their order. */
function goldenImages({ golden }: Case): Image[] {
  return golden.flatMap(line => {
    const { topic, value } = JSON.parse(line) as { topic: string; value: { schema: { fields: { field: string }[] } } | null };
    const recorded = (parseRecorded(line) as { value: Recorded }).value;
    if (value === null || !isObject(recorded) || !isObject(recorded['payload'])) return [];
    const { payload } = recorded;
    const schemas = (recorded['schema'] as { fields: Recorded[] }).fields;
    return (['before', 'after'] as const).flatMap(side => {
      const image = payload[side];
      if (!isObject(image)) return [];
      const schema = (schemas as { field: string; fields: Recorded }[]).find(({ field }) => field === side)!.fields;
      return [{ table: topic.split('.').at(-1)!, op: String(payload['op']), side, schema, value: image }];
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
async function readImages(theCase: Case, options: ValueOptions): Promise<Image[]> {
  await using database = await freshDatabase(await sharedPostgres(15));
  for (const script of theCase.setup) await database.run(script);
  const decoder = await TableDecoder.open(database.client, database.name, options);
  const images: Image[] = [];
  for (const table of await decoder.tables())
    for (const row of await decoder.rows(table)) images.push(image(table.name, 'r', 'after', row));
  for (const script of theCase.workload.flat()) await database.run(script);
  for (const { op, table, before, after } of await decoder.changes()) {
    if (before) images.push(image(table, op, 'before', before));
    if (after) images.push(image(table, op, 'after', after));
  }
  return images;
}

const cases: readonly (readonly [name: string, options: ValueOptions])[] = [
  ['pg-types', defaultValueOptions],
  [
    'pg-types-string',
    {
      ...defaultValueOptions,
      decimalHandlingMode: 'string',
      intervalHandlingMode: 'string',
      hstoreHandlingMode: 'json',
      binaryHandlingMode: 'base64',
      timePrecisionMode: 'connect',
      includeUnknownDatatypes: true,
    },
  ],
];

for (const [name, options] of cases) {
  describe(`the column readers on ${name}`, () => {
    const expected = goldenImages(readCase(name));
    const tables = [...new Set(expected.map(({ table }) => table))];
    let got: Image[] = [];
    before(async () => {
      got = await readImages(readCase(name), options);
    });

    for (const table of tables) {
      test(`${table}: schemas and values, in snapshot and stream, are the reference's`, () => {
        const wanted = expected.filter(item => item.table === table);
        const have = got.filter(item => item.table === table);
        assert.equal(have.length, wanted.length, 'row images');
        const found = wanted.flatMap((item, index) =>
          (['op', 'side', 'schema', 'value'] as const).flatMap(part =>
            differences(item[part], have[index]![part], `${item.op} ${index} ${part}`),
          ),
        );
        assert.deepEqual(found, []);
      });
    }
  });
}
