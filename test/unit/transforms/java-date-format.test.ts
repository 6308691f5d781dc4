import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { javaDateFormat } from '../../../transforms/java-date-format.ts';
import { nowMs } from './records.ts';

const moments = [
  0n,
  1_714_979_289_123n,
  -1n,
  -62_135_769_600_001n,
  -12_219_292_800_000n,
  -12_219_292_800_001n,
  4_102_444_800_000n,
  9_223_372_036_825_200n,
  1_735_603_200_000n,
];

/** What java.text.SimpleDateFormat (UTC, US) writes for these moments. */
const written: readonly (readonly [pattern: string, texts: readonly string[]])[] = [
  [
    "yyyy-MM-dd'T'HH:mm:ss.SSS",
    [
      '1970-01-01T00:00:00.000',
      '2024-05-06T07:08:09.123',
      '1969-12-31T23:59:59.999',
      '0001-12-31T23:59:59.999',
      '1582-10-15T00:00:00.000',
      '1582-10-04T23:59:59.999',
      '2100-01-01T00:00:00.000',
      '294247-01-10T04:00:25.200',
      '2024-12-31T00:00:00.000',
    ],
  ],
  ['yyMMdd', ['700101', '240506', '691231', '011231', '821015', '821004', '000101', '470110', '241231']],
  [
    'y-M-d h:m:s a',
    [
      '1970-1-1 12:0:0 AM',
      '2024-5-6 7:8:9 AM',
      '1969-12-31 11:59:59 PM',
      '1-12-31 11:59:59 PM',
      '1582-10-15 12:0:0 AM',
      '1582-10-4 11:59:59 PM',
      '2100-1-1 12:0:0 AM',
      '294247-1-10 4:0:25 AM',
      '2024-12-31 12:0:0 AM',
    ],
  ],
  [
    'EEE, d MMMM yyyy G',
    [
      'Thu, 1 January 1970 AD',
      'Mon, 6 May 2024 AD',
      'Wed, 31 December 1969 AD',
      'Fri, 31 December 0001 BC',
      'Fri, 15 October 1582 AD',
      'Thu, 4 October 1582 AD',
      'Fri, 1 January 2100 AD',
      'Sun, 10 January 294247 AD',
      'Tue, 31 December 2024 AD',
    ],
  ],
  [
    'EEEE LLL K k',
    [
      'Thursday Jan 0 24',
      'Monday May 7 7',
      'Wednesday Dec 11 23',
      'Friday Dec 11 23',
      'Friday Oct 0 24',
      'Thursday Oct 11 23',
      'Friday Jan 0 24',
      'Sunday Jan 4 4',
      'Tuesday Dec 0 24',
    ],
  ],
  [
    "YYYY-'W'ww u",
    ['1970-W01 4', '2024-W19 1', '1970-W01 3', '0001-W01 5', '1582-W40 5', '1582-W40 4', '2100-W01 5', '294247-W03 7', '2025-W01 2'],
  ],
  [
    "hh 'o''clock' a",
    [
      "12 o'clock AM",
      "07 o'clock AM",
      "11 o'clock PM",
      "11 o'clock PM",
      "12 o'clock AM",
      "11 o'clock PM",
      "12 o'clock AM",
      "04 o'clock AM",
      "12 o'clock AM",
    ],
  ],
  [
    'z zzzz Z X XX XXX',
    [
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
      'UTC Coordinated Universal Time +0000 Z Z Z',
    ],
  ],
  [
    'yyyyy SSSS S',
    [
      '01970 0000 0',
      '02024 0123 123',
      '01969 0999 999',
      '00001 0999 999',
      '01582 0000 0',
      '01582 0999 999',
      '02100 0000 0',
      '294247 0200 200',
      '02024 0000 0',
    ],
  ],
];

/** What java.text.SimpleDateFormat (UTC, US, lenient) reads. */
const read: readonly (readonly [pattern: string, text: string, milliseconds: bigint | null])[] = [
  ['yyyy-MM-dd HH:mm', '2024-05-06 07:08', 1714979280000n],
  ['yyyy-MM-dd', '2024-13-45', 1739491200000n],
  ['yyyy-MM-dd', '2024-5-6 and more', 1714953600000n],
  ['yyyyMMddHHmmssSSS', '20240506070809123', 1714979289123n],
  ['yyyyMMdd', '2024056', 1714953600000n],
  ["yyyy-MM-dd'T'HH:mm:ss.SSS", '2024-05-06T07:08:09.123456', 1714979412456n],
  ["yyyy-MM-dd'T'HH:mm:ssZ", '2024-05-06T07:08:09+0200', 1714972089000n],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", '2024-05-06T07:08:09-05:30', 1714999089000n],
  ["yyyy-MM-dd'T'HH:mm:ssX", '2024-05-06T07:08:09Z', 1714979289000n],
  ['EEE, d MMM yyyy HH:mm:ss z', 'mon, 6 MAY 2024 07:08:09 EST', 1714997289000n],
  ['hh:mm a', '12:30 AM', 1800000n],
  ['hh:mm a', '12:30 pm', 45000000n],
  ['K:mm a', '0:30 PM', 45000000n],
  ['kk:mm', '24:10', 600000n],
  ['yyyy-DDD', '2024-366', 1735603200000n],
  ['yyyy.MM.dd G', '0044.03.15 BC', -63517996800000n],
  ['yyyy.MM.dd', '1582.10.10', -12218860800000n],
  ['yyyy.MM.dd', '1582.10.04', -12219379200000n],
  ['yyyy-MM-dd', ' 2024-05-06', 1714953600000n],
  ['yyyy-MM-dd', '-5-1-1', -62325158400000n],
  ['yyyy-MM-dd', '20240506', null],
  ['yyyy-MM-dd', 'x', null],
  ['yyyy-MM-dd', '2024-05', null],
  ['MMMM d, yyyy', 'September 6, 2024', 1725580800000n],
  ['MMMM d, yyyy', 'Sept 6, 2024', null],
  ['yyyy-MM-dd X', '2024-05-06 +24', null],
];

const format = (pattern: string, now = nowMs) => javaDateFormat(pattern, now);

describe("Java's date patterns", () => {
  for (const [pattern, texts] of written)
    test(`${pattern} writes what Java writes`, () => {
      assert.deepEqual(moments.map(format(pattern).format), texts);
    });

  for (const [pattern, text, milliseconds] of read)
    test(`${pattern} reads '${text}' as Java does`, () => {
      assert.equal(format(pattern).parse(text), milliseconds);
    });

  test('two-digit years lie between 80 years ago and 20 years on', () => {
    const { parse } = format('dd.MM.yy');
    const year = (text: string) => new Date(Number(parse(text))).getUTCFullYear();
    assert.equal(year('01.01.26'), 2026);
    assert.equal(year('01.01.45'), 2045);
    assert.equal(year('01.01.47'), 1947);
    // 1946 and 2046 are both a part of the hundred years; 22 November is where they begin.
    assert.equal(year('21.11.46'), 2046);
    assert.equal(year('23.11.46'), 1946);
    assert.equal(year('01.01.1926'), 1926);
  });

  test('days and weeks are counted within year and month', () => {
    const text = format('D F W w').format;
    assert.equal(text(BigInt(Date.UTC(2024, 4, 6))), '127 1 2 19');
    assert.equal(text(BigInt(Date.UTC(2024, 11, 31))), '366 5 5 1');
    assert.equal(text(BigInt(Date.UTC(2023, 0, 8))), '8 2 2 2');
  });

  test('letters that Java does not know are refused', () => {
    for (const letter of 'bcefgijlnopqrtvxABCIJNOPQRTUV')
      assert.throws(() => format(`yyyy${letter}`), { message: `Illegal pattern character '${letter}'` });
    assert.throws(() => format("yyyy'T"), { message: 'Unterminated quote' });
    assert.throws(() => format('XXXX'), { message: 'invalid ISO 8601 format: length=4' });
  });

  test('patterns that can be written but not read say so', () => {
    assert.match(format('YYYY-ww').unreadable ?? '', /cannot be parsed by 'Y'/);
    assert.match(format('EEE HH:mm').unreadable ?? '', /without a day/);
    assert.equal(format('EEE d MMM yyyy').unreadable, null);
  });

  test('what a full pattern writes, it reads back, from 4713 BC to 9999', () => {
    const patterns = [
      'yyyy-MM-dd HH:mm:ss.SSS G',
      'GyyyyDDDHHmmssSSS',
      'd MMM yyyy G, hh:mm:ss.SSS a',
      'EEEE, MMMM d yyy G kk:mm:ss:SSS z',
      'yyyy G/MM/dd K:m:s.S aX',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...patterns), fc.bigInt(-210_866_803_200_000n, 253_402_300_799_999n), (pattern, milliseconds) => {
        const { format: write, parse } = format(pattern);
        assert.equal(parse(write(milliseconds)), milliseconds);
      }),
      { numRuns: 2000 },
    );
  });

  test('any text is read or answered with null', () => {
    fc.assert(
      fc.property(fc.constantFrom('yyyy-MM-dd', 'HHmmss', 'EEE d MMM yy z', 'D a Z'), fc.string(), (pattern, text) => {
        const parsed = format(pattern).parse(text);
        assert.ok(parsed === null || typeof parsed === 'bigint');
      }),
    );
  });
});
