import assert from 'node:assert/strict';
import test from 'node:test';
import { MessageExtras } from './extras.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate } from './template.ts';

/** The pairs of a template, which prints nothing. */
function extrasOf(...templates: string[]): Readonly<Record<string, string>> | null {
  const extras = new MessageExtras();
  const context = sampleContext({ zip: '10115', list: ['a', 'b'] }, { extras });
  for (const template of templates) assert.equal(compileTemplate(template).render(context), '');
  return extras.pairs;
}

const table: [template: string, pairs: Record<string, string> | null][] = [
  ['{% message_extras :key k :value v %}', { k: 'v' }],
  ['{%- message_extras   :key  a b \n :value  x  y  -%}', { 'a b': 'x  y' }],
  [
    '{% message_extras :key {{${first_name}}}_1 :value {{custom_attribute.${list} | join: "-" }}! %}',
    { Ada_1: 'a-b!' },
  ],
  ['{% message_extras :key k :value {{${last_name}}} %}', { k: '' }],
  ['{% message_extras :key k :value %}', { k: '' }],
  ['{% message_extras :key k :value 1 %}{% message_extras :key k :value 2 %}', { k: '1' }],
  ['{% if false %}{% message_extras :key k :value v %}{% endif %}', null],
  ['{% message_extras :key __proto__ :value v %}', JSON.parse('{"__proto__":"v"}')],
  // Malformed
  ['{% message_extras %}', null],
  ['{% message_extras :key k %}', null],
  ['{% message_extras :value v :key k %}', null],
  ['{% message_extras :keyk :value v %}', null],
  ['{% message_extras :key k:value v %}', null],
  ['{% message_extras :key {{${last_name}}} :value v %}', null],
];

test('pairs are read as they stand, and what is malformed is ignored', () => {
  for (const [template, pairs] of table) assert.deepEqual(extrasOf(template), pairs, template);
});

test('all texts of a message share one set of pairs and 1,000 bytes', () => {
  const first = '{% message_extras :key k :value 1 %}';
  assert.deepEqual(extrasOf(first, '{% message_extras :key k :value 2 %}{% message_extras :key j :value 3 %}'), {
    k: '1',
    j: '3',
  });
  // 2 bytes for the first pair and 3 for the name; a half of the last é does not fit.
  const long = extrasOf(
    first,
    `{% message_extras :key abc :value xy${'é'.repeat(600)} %}{% message_extras :key z :value 1 %}`,
  );
  assert.deepEqual(long, { k: '1', abc: `xy${'é'.repeat(496)}` });
});

test('a content block attaches pairs, too', () => {
  const extras = new MessageExtras();
  const block = compileTemplate('{% message_extras :key b :value {{${first_name}}} %}');
  const outer = compileTemplate('{{content_blocks.${one}}}');
  outer.render(sampleContext({}, { extras }), undefined, new Map([['one', block]]));
  assert.deepEqual(extras.pairs, { b: 'Ada' });
});
