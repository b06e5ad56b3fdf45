import assert from 'node:assert/strict';
import test from 'node:test';
import { readTimeZone } from '../../lib/time/zone-names.ts';
import { readCountry, readLanguage } from './countries-and-languages.ts';

test('countries: codes of ISO 3166-1 and known names', () => {
  const table: [string, string | null][] = [
    ['DE', 'DE'],
    ['us', 'US'],
    ['Germany', 'DE'],
    ['united states', 'US'],
    ['United States of America', 'US'],
    ['UK', 'GB'],
    ['Côte d’Ivoire', 'CI'],
    ['trinidad and tobago', 'TT'],
    ['AQ', 'AQ'],
    ['SU', null],
    ['EU', null],
    ['XK', null],
    ['ZZ', null],
    ['DEU', null],
    ['Atlantis', null],
    ['', null],
  ];
  for (const [text, expected] of table) assert.equal(readCountry(text), expected, text);
});

test('languages: codes of ISO 639-1, alone or in a locale', () => {
  const table: [string, string | null][] = [
    ['en', 'en'],
    ['DE', 'de'],
    ['pt-BR', 'pt'],
    ['zh_Hant_TW', 'zh'],
    ['xx', null],
    ['eng', null],
    ['English', null],
    ['', null],
  ];
  for (const [text, expected] of table) assert.equal(readLanguage(text), expected, text);
});

test('time zones: IANA and Rails names, but no offsets', () => {
  const table: [string, string | null][] = [
    ['Europe/Berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['Pacific Time (US & Canada)', 'America/Los_Angeles'],
    ['Kyiv', 'Europe/Kiev'],
    ['+01:00', null],
    ['Mars/Olympus', null],
    ['', null],
  ];
  for (const [text, expected] of table) assert.equal(readTimeZone(text), expected, text);
});
