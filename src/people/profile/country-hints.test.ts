import assert from 'node:assert/strict';
import test from 'node:test';
import { countriesByName, countryCodes, readCountry } from './countries-and-languages.ts';
import { countriesOfThreeLetters, countryHint } from './country-hints.ts';

test('every country has one code of three letters', () => {
  const pairs = [...countriesOfThreeLetters];
  assert.deepEqual(pairs.map(([, code]) => code).sort(), [...countryCodes].sort());
  for (const [code] of pairs) assert.match(code, /^[A-Z]{3}$/);
  assert.equal(pairs.length, 249);
  assert.ok(countriesByName.size > 249);
});

test('what is no code of two letters and no English name is recognized where it can be', () => {
  const table: [string, string | null][] = [
    ['AUT', 'AT'],
    ['deu', 'DE'],
    ['Österreich', 'AT'],
    ['ALLEMAGNE', 'DE'],
    ['Suiza', 'CH'],
    ['Austira', 'AT'],
    ['Atlantis', null],
    ['XX', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ];
  for (const [text, code] of table) {
    assert.equal(countryHint(text), code, text);
    assert.equal(countryHint(text), code, 'the second time');
    assert.equal(readCountry(text), null);
  }
});
