import assert from 'node:assert/strict';
import test from 'node:test';
import type { RenderContext } from './facts.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate } from './template.ts';

type Trigger = NonNullable<RenderContext['trigger']>;

const canvas = { id: 'c1', name: 'Orders', variantId: 'v1', variantName: 'Order' };
const common = { a: 1, o: { x: 1 }, list: [{ name: 'Shoe' }], 'dotted.name': 'd' };

const rows: [template: string, own: Trigger['own'], expected: string][] = [
  ['{{api_trigger_properties.${a}}}', null, '1'],
  ['{{api_trigger_properties.${a}}}', { a: 2 }, '2'],
  ['[{{api_trigger_properties.${a}}}]', { a: null }, '[]'],
  ['{{api_trigger_properties.${a}}}/{{api_trigger_properties.${o}.x}}', { o: { y: 2 } }, '1/'],
  ['{{api_trigger_properties.${o.x}}}', null, '1'],
  ['[{{api_trigger_properties.${o.x}}}]', { o: { y: 2 } }, '[]'],
  ['{{api_trigger_properties.${list[0].name}}}', null, 'Shoe'],
  ['{{api_trigger_properties.${list}[0].name}}', null, 'Shoe'],
  ['{{api_trigger_properties.${dotted.name}}}', null, 'd'],
  ['[{{api_trigger_properties.${toString}}}{{api_trigger_properties.${__proto__}}}]', null, '[]'],
  ['{% for one in {{api_trigger_properties.${list}}} %}{{one.name}}{% endfor %}', null, 'Shoe'],
  ['{{context.${a}}}{{canvas_entry_properties.${a}}}', null, '11'],
  [
    '{{canvas.${name}}} {{canvas.${api_id}}} {{canvas.${variant_name}}} {{canvas.${variant_api_id}}}',
    null,
    'Orders c1 Order v1',
  ],
  ['[{{canvas.${x}}}]', null, '[]'],
];

for (const [template, own, expected] of rows) {
  test(`${template} with ${JSON.stringify(own)} ⇒ ${expected}`, () => {
    const context = sampleContext({}, { trigger: { common, own, canvas } });
    assert.equal(compileTemplate(template).render(context), expected);
  });
}

test('a message that was not triggered has no properties and no Canvas', () => {
  const template = compileTemplate('[{{api_trigger_properties.${a}}}{{context.${a}}}{{canvas.${name}}}]');
  assert.equal(template.render(sampleContext()), '[]');
});

test('a property without its braces is a slip', () => {
  const { slips } = compileTemplate('{{api_trigger_properties.order}}');
  assert.deepEqual(slips, [
    '{{api_trigger_properties.order}} renders to nothing; did you mean {{api_trigger_properties.${order}}}?',
  ]);
});
