import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readDateFormat } from './date-format.ts';

test('a date is read as its format says; anything else is no date', () => {
  const table: [string, string, string | null][] = [
    ['DD.MM.YYYY', '31.12.1985', '1985-12-31'],
    ['DD.MM.YYYY', '1.2.1985', null],
    ['D.M.YYYY', '1.2.1985', '1985-02-01'],
    ['DD.MM.YYYY', '31.02.2024', null],
    ['DD.MM.YYYY', '29.02.2024', '2024-02-29'],
    ['M/D/YYYY', '12/31/1985', '1985-12-31'],
    ['DD.MM.YY', '31.12.85', '1985-12-31'],
    ['DD.MM.YY', '01.02.68', '2068-02-01'],
    ['DD.MM.YY', '31.12.1985', null],
    ['YYYYMMDD', '19851231', null],
    ['DD.MM.YYYY HH:mm', '31.12.1985 23:59', '1985-12-31T23:59:00Z'],
    ['DD.MM.YYYY HH:mm:ss', '31.12.1985 24:00:00', null],
    ['DD.MM.YYYY HH:mm:ss', ' 01.01.2020 07:08:09 ', '2020-01-01T07:08:09Z'],
    ['DD.MM.YYYY', '31.12.1985x', null],
  ];
  for (const [format, text, expected] of table) {
    assert.equal(readDateFormat(format)?.read(text) ?? null, expected, `${format} ${text}`);
  }
});

test('what is no format is refused', () => {
  for (const format of [
    '',
    'x',
    'DD.MM',
    'DD.MM.YYY',
    'DD.MM.YY.YYYY',
    'DD.DD.YYYY',
    'DD.MM.MM.YYYY',
    'YYYY-MM-DDTHH',
    'DD.MM.YYYY mm',
  ])
    assert.equal(readDateFormat(format), null, format);
});

test('every day is read back, whatever stands between its parts', () => {
  const separator = fc.constantFrom('.', '/', '-', ' ', '$', '\\', '(', '·');
  const day = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(day, separator, (date, between) => {
      const [year = '', month = '', of = ''] = date.toISOString().slice(0, 10).split('-');
      const read = readDateFormat(`DD${between}MM${between}YYYY`)?.read([of, month, year].join(between));
      assert.equal(read, `${year}-${month}-${of}`);
    }),
  );
});
