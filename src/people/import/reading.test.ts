import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { CellType } from './cells.ts';
import { Columns, type CsvOptions, plainCsv } from './columns.ts';
import { readCsv } from './csv.ts';
import { eitherFormat, readDateFormat } from './date-format.ts';
import { type Entry, ImportFileError, maxRecordBytes } from './entry.ts';
import { readNdjson } from './ndjson.ts';
import { type NumberStyle, NumberTally } from './numbers.ts';
import { unpack } from './source.ts';

/** A line number, and the object of that line or why the line cannot be read. */
type Seen = [number, unknown];

async function seen(groups: AsyncIterable<Entry[]>): Promise<Seen[]> {
  const all: Seen[] = [];
  for await (const group of groups) all.push(...group.map((entry): Seen => [entry.line, readOrProblem(entry)]));
  return all;
}

function readOrProblem(entry: Entry): unknown {
  try {
    const { object, problems } = entry.read();
    return problems.length > 0 ? `✘ ${problems.join('; ')}` : object;
  } catch (error) {
    assert.ok(error instanceof ObjectProblem, String(error));
    return `✘ ${error.message}`;
  }
}

async function* inChunks(bytes: Buffer, size = bytes.length || 1): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const ndjson = (text: string | Buffer, size?: number) => seen(readNdjson(inChunks(Buffer.from(text), size)));
const csv = (
  text: string | Buffer,
  { types = {}, ...options }: Partial<Omit<CsvOptions, 'types'>> & { types?: Record<string, CellType> } = {},
  size?: number,
) =>
  seen(readCsv(inChunks(Buffer.from(text), size), { ...plainCsv, ...options, types: new Map(Object.entries(types)) }));

test('NDJSON: each line is a record; blank lines are skipped, bad lines are reported by number', async () => {
  assert.deepEqual(await ndjson('\ufeff{"a":1}\r\n\n  \n{"b":\n[1]\n"é"'), [
    [1, { a: 1 }],
    [4, '✘ the line is not JSON'],
    [5, [1]],
    [6, 'é'],
  ]);
  assert.deepEqual(await ndjson(Buffer.from([0x22, 0xff, 0x22, 0x0a])), [
    [1, '✘ the line is not UTF-8; see --encoding'],
  ]);
  assert.deepEqual(await ndjson(''), []);
});

test('CSV: words for booleans, a currency at numbers, and a format of dates for each column', async () => {
  const us = readDateFormat('M/D/YYYY');
  const german = readDateFormat('DD.MM.YYYY');
  assert.ok(us && german);
  const options = {
    types: { klub: 'boolean', umsatz: 'number', seit: 'date', seen: 'date' },
    booleans: new Map([
      ['ja', true],
      ['nein', false],
    ]),
    numbers: 'decimal_comma',
    ...{ currency: '€', dateFormat: german, dateFormats: new Map([['seen', us]]) },
  } as const;
  const rows = [
    'external_id;klub;umsatz;seit;seen',
    'a;Ja;99,90 €;01.02.2024;2/3/2024',
    'b;NEIN;-€1.099,90;01.02.2024;2024-02-03',
    'c;true;€;02.01.2024;03.02.2024',
    'd;oui;99,90 $;1/2/2024;2/3/2024',
  ];
  assert.deepEqual(await csv(rows.join('\n'), { ...options, delimiter: ';' }), [
    [2, { external_id: 'a', klub: true, umsatz: 99.9, seit: '2024-02-01', seen: '2024-02-03' }],
    [3, { external_id: 'b', klub: false, umsatz: -1099.9, seit: '2024-02-01', seen: '2024-02-03' }],
    [4, '✘ umsatz: expected a number; seen: expected a date as M/D/YYYY'],
    [
      5,
      "✘ klub: expected true or false, ja, nein; umsatz: expected a number (is it written with --currency '$'?); seit: expected a date as DD.MM.YYYY",
    ],
  ]);
  await assert.rejects(csv('external_id\na', { dateFormats: new Map([['seen', us]]) }), /--date-format names "seen"/);
});

test('CSV: several formats of dates for a column are tried in order', async () => {
  const [day, month] = [readDateFormat('DD.MM.YYYY'), readDateFormat('MM/DD/YYYY')];
  assert.ok(day && month);
  const options = { types: { x: 'date' }, dateFormat: eitherFormat(day, month) } as const;
  assert.deepEqual(await csv('external_id,x\na,31.12.2024\nb,12/31/2024\nc,31/12/2024', options), [
    [2, { external_id: 'a', x: '2024-12-31' }],
    [3, { external_id: 'b', x: '2024-12-31' }],
    [4, '✘ x: expected a date as DD.MM.YYYY or MM/DD/YYYY'],
  ]);
});

test('CSV: a phone number that cannot be read says what it needs', async () => {
  const text = 'external_id,phone\na,0664 1234567\nb,12\nc,+12';
  const plain = 'phone: expected a phone number with + and country code';
  const hint = '; for others, name their country: --phone-country AT';
  assert.deepEqual(await csv(text), [
    [2, `✘ ${plain}${hint}`],
    [3, `✘ ${plain}${hint}`],
    [4, `✘ ${plain}`],
  ]);
  assert.deepEqual(await csv(text, { phoneCountry: 'AT' }), [
    [2, { external_id: 'a', phone: '+436641234567' }],
    [3, '✘ phone: no phone number of AT; others need + and country code'],
    [4, `✘ ${plain}`],
  ]);
});

test('CSV: the cell that would name the person is told apart, because the row must not go without it', async () => {
  const named = async (text: string) => {
    const names: (string | null)[] = [];
    for await (const group of readCsv(inChunks(Buffer.from(text)), plainCsv))
      for (const entry of group) names.push(entry.read().badName);
    return names;
  };
  assert.deepEqual(await named('email,phone\nx,+15125550100\na@b.test,1\n,1\na@b.test,'), [
    'email',
    null,
    'phone',
    null,
  ]);
  assert.deepEqual(await named('external_id,email,phone\na,x,+15125550100\nb,x,1'), [null, null]);
  assert.deepEqual(await named('user_alias_name,user_alias_label,email\n\ufffd,l,a@b.test'), ['user_alias_name']);
  assert.deepEqual(await named('user_alias,email\n{,a@b.test'), ['user_alias']);
});

test('CSV: consent is a state, or a word for yes or no', async () => {
  const options = {
    renamed: new Map([
      ['Newsletter', 'email_subscribe'],
      ['SMS', 'subscription_state:g1'],
    ]),
  };
  assert.deepEqual(await csv('external_id,Newsletter,SMS,push_subscribe\na,Ja,nein,opted_in\nb,,x,\nc,n,,', options), [
    [
      2,
      {
        ...{ external_id: 'a', email_subscribe: 'opted_in', push_subscribe: 'opted_in' },
        subscription_groups: [{ subscription_group_id: 'g1', subscription_state: 'unsubscribed' }],
      },
    ],
    [
      3,
      '✘ subscription_state:g1: expected subscribed, unsubscribed, or a word for yes or no; --booleans ja/nein adds words',
    ],
    [4, { external_id: 'c', email_subscribe: 'unsubscribed' }],
  ]);
  // In files of events the same name is a property.
  assert.deepEqual(await csv('external_id,name,time,email_subscribe\na,e,2026-01-01,maybe', { records: 'events' }), [
    [2, { external_id: 'a', name: 'e', time: '2026-01-01', properties: { email_subscribe: 'maybe' } }],
  ]);
});

test('CSV: an option that names no column says which one was probably meant', async () => {
  const renamed = new Map([['Email', 'email']]);
  await assert.rejects(
    csv('external_id,E-Mail\na,x', { renamed }),
    /--map names "Email", and no column is called so; did you mean "E-Mail"\?$/,
  );
});

test('numbers in doubt: a column with numbers of two styles, or with nothing that shows what its commas are for', () => {
  const doubts = (style: NumberStyle, ...texts: string[]) => {
    const tally = new NumberTally(style);
    for (const [index, text] of texts.entries()) tally.add('x', text, index + 2);
    return tally.inDoubt();
  };
  assert.deepEqual(doubts('decimal_comma', '2,000', '3,000'), { x: { count: 2, lines: [2, 3] } });
  assert.deepEqual(doubts('decimal_comma', '2,000', '3,5'), {});
  assert.deepEqual(doubts('decimal_comma', '2,000', '3,5', '1,099.90'), { x: { count: 1, lines: [2] } });
  assert.deepEqual(doubts('thousands_comma', '2,000', '12'), {});
  assert.deepEqual(doubts('thousands_comma', '2,000', '1.099,90'), { x: { count: 1, lines: [2] } });
  assert.deepEqual(doubts('plain', '1.099', '1.099,90'), { x: { count: 1, lines: [2] } });
  assert.deepEqual(doubts('plain', '1.099', '12', 'none'), {});
});

test('NDJSON: a line that is too long is dropped and reported, and the next line is read', async () => {
  const long = Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(maxRecordBytes, 0x61), Buffer.from('"}\n{"b":1}\n')]);
  assert.deepEqual(await ndjson(long, 1_000_000), [
    [1, `✘ expected at most ${maxRecordBytes} bytes in a line`],
    [2, { b: 1 }],
  ]);
});

test('NDJSON: the records do not depend on how the bytes arrive', async () => {
  const lines = fc.array(fc.oneof(fc.json(), fc.string({ unit: 'grapheme' }), fc.constant(' ')));
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 30 }), async (texts, size) => {
      const text = texts.join('\n');
      assert.deepEqual(await ndjson(text, size), await ndjson(text));
    }),
  );
});

// Row 55 of the traps of the product.
test('CSV: quotes, line breaks in cells, CRLF, a byte order mark, and the first line of each record', async () => {
  const text = '\ufeffexternal_id,note,color\r\na,"one\r\ntwo ""x""",red\r\n\r\nb,5" wide,\r\nc,"",blue';
  const expected = [
    [2, { external_id: 'a', note: 'one\r\ntwo "x"', color: 'red' }],
    [5, { external_id: 'b', note: '5" wide' }],
    [6, { external_id: 'c', color: 'blue' }],
  ];
  assert.deepEqual(await csv(text), expected);
  assert.deepEqual(await csv(text, {}, 1), expected);
  assert.deepEqual(await csv('external_id;x\na;"1;2"\n', { delimiter: ';' }), [[2, { external_id: 'a', x: '1;2' }]]);
});

test('CSV: cells are text unless their type is declared', async () => {
  const cells: [CellType | null, string, unknown][] = [
    [null, '007', '007'],
    [null, 'true', 'true'],
    ['text', '1', '1'],
    ['number', '1', 1],
    ['number', ' -2.5e3 ', -2_500],
    ['number', '1,5', '✘ x: expected a number (is it written with --decimal-comma?)'],
    [
      'number',
      '1,000',
      '✘ x: expected a number (is the comma for thousands or for decimals? say --thousands-comma or --decimal-comma)',
    ],
    ['number', '1,000.5', '✘ x: expected a number (is it written with --thousands-comma?)'],
    ['number', '1.000,5', '✘ x: expected a number (is it written with --decimal-comma?)'],
    ['number', '0x10', '✘ x: expected a number'],
    ['number', 'Infinity', '✘ x: expected a number'],
    ['boolean', 'TRUE', true],
    ['boolean', '0', false],
    ['boolean', 'yes', '✘ x: expected true or false'],
    ['json', '["a", 1]', ['a', 1]],
    ['json', '{"inc":2}', { inc: 2 }],
    ['json', 'a', '✘ x: expected JSON'],
    [null, 'NULL', null],
    ['number', 'NULL', null],
    [null, 'a\ufffdb', '✘ x: the cell is not UTF-8; see --encoding'],
  ];
  for (const [type, cell, expected] of cells) {
    const text = `external_id,x\na,"${cell.replaceAll('"', '""')}"\n`;
    const [[, read] = []] = await csv(text, { types: type === null ? {} : { x: type }, nullText: 'NULL' });
    assert.deepEqual(typeof read === 'string' ? read : Object(read).x, expected, cell);
  }
});

test('CSV: columns for members of an object, and members whose type is fixed', async () => {
  const header = 'user_alias_name,user_alias_label,subscription_group_id,subscription_state,current_location,__proto__';
  const row = 'n,l,g,subscribed,"{""longitude"":1,""latitude"":2}",p';
  const [[, read] = []] = await csv(`${header}\n${row}\n`);
  assert.deepEqual(Object.entries(Object(read)), [
    ['current_location', { longitude: 1, latitude: 2 }],
    ['__proto__', 'p'],
    ['user_alias', { alias_name: 'n', alias_label: 'l' }],
    ['subscription_groups', [{ subscription_group_id: 'g', subscription_state: 'subscribed' }]],
  ]);
});

test('CSV: too few cells, too many cells, and a quote that is never closed', async () => {
  assert.deepEqual(await csv('external_id,x\na\nb,1,2\nc,3\nd,"open\nmore\n'), [
    [2, '✘ expected 2 cells as in the header, got 1; is a quote not closed?'],
    [3, '✘ expected 2 cells as in the header, got 3; is a quote not closed?'],
    [4, { external_id: 'c', x: '3' }],
    [5, '✘ a quote is opened here and never closed: the rest of the file is inside of it'],
  ]);
  const endless = Buffer.concat([Buffer.from('external_id,x\na,"'), Buffer.alloc(maxRecordBytes + 10, 0x61)]);
  await assert.rejects(csv(endless, {}, 1_000_000), /The record that begins on line 2 cannot be read: .* longer than/);
});

test('CSV: cells are read as they were written, however the bytes arrive', async () => {
  const cell = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\ufffd'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { minLength: 1 }),
      fc.integer({ min: 1, max: 30 }),
      async (rows, size) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = ['external_id,x', ...rows.map((cells) => cells.map(quoted).join(','))].join('\r\n');
        const read = await csv(text, {}, size);
        assert.deepEqual(
          read.map(([, object]) => object),
          rows.map(([external_id, x]) => ({ external_id, x })),
        );
      },
    ),
  );
});

const badHeaders: [string, Record<string, CellType>, RegExp][] = [
  ['', {}, /^The file is empty/],
  ['a,b', {}, /no column names people/],
  ['external_id,a,a', {}, /"a" occurs twice/],
  ['external_id,,a', {}, /column 2 has no name/],
  ['user_alias_name,a', {}, /user_alias_name and user_alias_label go together/],
  ['external_id,subscription_state', {}, /subscription_group_id and subscription_state go together/],
  ['external_id', { points: 'number' }, /--types names "points", and no column is called so/],
  ['external_id,first_name', { first_name: 'json' }, /--types names first_name, whose type is fixed/],
];
for (const [header, types, message] of badHeaders) {
  test(`CSV: the header "${header}" with types ${JSON.stringify(types)} is refused`, async () => {
    await assert.rejects(csv(header, { types }), (error: unknown) => {
      assert.ok(error instanceof ImportFileError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a rejected record shows its cells', () => {
  const columns = new Columns(['external_id', 'x'], plainCsv);
  assert.deepEqual(columns.shown(['a', '1']), { external_id: 'a', x: '1' });
  assert.deepEqual(columns.shown(['a']), ['a']);
});

test('gzip is recognized by its first bytes and may have several parts; UTF-16 and a truncated file are refused', async () => {
  const parts = Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]);
  assert.deepEqual(await seen(readNdjson(unpack(inChunks(parts, 1)))), [
    [1, { a: 1 }],
    [2, { a: 2 }],
  ]);
  assert.deepEqual(await seen(readNdjson(unpack(inChunks(Buffer.from(''))))), []);
  const half = gzipSync('{"a":1}\n'.repeat(1_000)).subarray(0, 40);
  await assert.rejects(seen(readNdjson(unpack(inChunks(half)))), /cannot be unpacked: unexpected end of file/);
  await assert.rejects(seen(readNdjson(unpack(inChunks(Buffer.from('\ufeff{}', 'utf16le'))))), /UTF-16/);
});

test('a row without the id by which its file names people is nobody, whatever else it has', async () => {
  const refused = '✘ external_id: is empty, and the file names its people by it';
  assert.deepEqual(await csv('external_id,email,phone\n,a@example.test,\n,,+436641112223\nb,b@example.test,', {}), [
    [2, refused],
    [3, refused],
    [4, { external_id: 'b', email: 'b@example.test' }],
  ]);
  assert.deepEqual(await csv('email,phone\na@example.test,', {}), [[2, { email: 'a@example.test' }]]);
});
