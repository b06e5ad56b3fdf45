import assert from 'node:assert/strict';
import test from 'node:test';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { readCell } from './cells.ts';
import { plainCsv } from './columns.ts';

type Row = [text: string, country: Parameters<typeof read>[1], phone: string | RegExp, fixed?: 'fixed line'];

function read(
  cell: string,
  phoneCountry: NonNullable<typeof plainCsv.phoneCountry>,
): [phone: string, isFixed: boolean] {
  let isFixed = false;
  const seen = { number: () => assert.fail(), fixedLine: () => (isFixed = true) };
  try {
    return [String(readCell(cell, 'phone', 'phone', { ...plainCsv, phoneCountry }, seen)), isFixed];
  } catch (error) {
    if (!(error instanceof ObjectProblem)) throw error;
    return [error.message, isFixed];
  }
}

const rows: Row[] = [
  ['0664/123 45 67', 'AT', '+436641234567'],
  ['6641234567', 'AT', '+436641234567'],
  ['0043 664 1234567', 'AT', '+436641234567'],
  ['01 513 33 44', 'AT', '+4315133344', 'fixed line'],
  // A German mobile number, which Austria's plan has as a fixed line in Vienna.
  ['0151 12345678', 'AT', '+4315112345678', 'fixed line'],
  ['0171 1234567', 'DE', '+491711234567'],
  ['06 12 34 56 78', 'FR', '+33612345678'],
  ['5125550100', 'US', '+15125550100'],
  ['604 555 0100', 'US', '+16045550100'],
  ['+49 151 12345678', 'AT', '+4915112345678'],
  ['0049 30 901820', 'AT', '+4930901820'],
  // Numbers of other countries, which became numbers of this one.
  ['079 123 45 67', 'AT', /^phone: no phone number of AT; others need \+ and country code$/],
  ['07911 123456', 'AT', /^phone: no phone number of AT; /],
  ['06 12 34 56 78', 'AT', /^phone: no phone number of AT; /],
  ['4915112345678', 'AT', /^phone: no phone number of AT; .*; with \+ before it, it is one of DE$/],
  ['0664 1234567', 'GB', /^phone: no phone number of GB; /],
  ['123', 'AT', /^phone: no phone number of AT; /],
  ['+43664', 'AT', /^phone: expected a phone number with \+ and country code$/],
  ['0664 1234567 ext. 5', 'AT', /^phone: no phone number of AT; /],
];

test('a number without + is one of the country, or refused; fixed lines are told', () => {
  for (const [text, country, phone, fixed] of rows) {
    const [got, isFixed] = read(text, country);
    if (typeof phone === 'string') assert.equal(got, phone, text);
    else assert.match(got, phone, text);
    assert.equal(isFixed, fixed === 'fixed line', text);
  }
});
