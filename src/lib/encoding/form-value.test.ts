import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formValue } from './form-value.ts';

const asForm = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

test('every character of the first plane is written as URLSearchParams writes it', () => {
  for (let code = 0; code < 0x10_000; code += 1) {
    const text = `a${String.fromCharCode(code)}b`;
    assert.equal(formValue(text), asForm(text), code.toString(16));
  }
});

test('any text is written as URLSearchParams writes it', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(formValue(text), asForm(text))));
});
