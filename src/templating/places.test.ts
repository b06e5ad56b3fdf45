// Where an error of a template is told to be: the member, the line and the column as their author sees them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Problems } from '../lib/raw/problems.ts';
import { linkBlocks } from './linked-blocks.ts';
import { RenderStop } from './render-stop.ts';
import { sampleContext } from './sample-context.ts';
import { compileTree } from './tree.ts';

const bad = '{{ 1 | divided_by: 0 }}';

function detailOf(message: object, blocks: Record<string, string> = {}): string | undefined {
  const problems = new Problems();
  const options = { path: 'messages.email', never: new Set<string>(), html: new Set(['body']), problems };
  const tree = compileTree(message, options);
  const sources = new Map(Object.entries(blocks).map(([name, text]) => [name, { text, isDraft: false }]));
  const linked = linkBlocks(tree.blocks, sources, { problems });
  assert.deepEqual(problems.texts, []);
  try {
    tree.render(sampleContext({ name: 'a secret' }), undefined, linked);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RenderStop);
    return error.detail;
  }
}

const places: [text: string, place: string][] = [
  [bad, 'line 1, column 1'],
  [`Hi\n  ${bad}`, 'line 2, column 3'],
  [`\n\r\n🎉${bad}\n`, 'line 3, column 3'],
  [`{% if true %}\n{% for i in (1..3) %}\n  {{ i }}${bad}{% endfor %}{% endif %}`, 'line 3, column 10'],
  [`{% if true %}{% assign x = 1 %}${bad}{% endif %}`, 'line 1, column 32'],
  ['a\n{% for i in (1..20000) %}x{% endfor %}', 'line 2, column 1'],
  [`{% capture x %}\n${bad}{% endcapture %}`, 'line 2, column 1'],
  [`a\n{% assign x = 1 | divided_by: 0 %}`, 'line 2, column 1'],
  [`{% case 1 %}{% when 1 %}\n ${bad}{% endcase %}`, 'line 2, column 2'],
];

test('an error names the line and the column of the innermost tag or output', () => {
  for (const [text, place] of places) {
    const reason = text.includes('20000') ? 'more than 10000 loop turns' : 'divided by 0';
    assert.equal(detailOf({ subject: text }), `messages.email.subject: ${reason}, ${place}`, text);
    assert.equal(detailOf({ body: text }), `messages.email.body: ${reason}, ${place}`, text);
  }
});

test('the member is named, however deep it is', () => {
  const detail = detailOf({ headers: { 'X-A': 'a' }, buttons: [{ text: 'a' }, { text: bad }] });
  assert.equal(detail, 'messages.email.buttons[1].text: divided by 0, line 1, column 1');
});

test('comments that are left out of HTML count as lines', () => {
  const before = `<!-- a\nb -->\n<!--[if mso]>{{ x }}\n<![endif]--><p>`;
  assert.equal(detailOf({ body: `${before}${bad}` }), 'messages.email.body: divided by 0, line 4, column 16');
  const problems = new Problems();
  const options = { path: 'm', never: new Set<string>(), html: new Set(['body']), problems };
  compileTree({ body: `${before}\n{% iff %}` }, options);
  assert.deepEqual(problems.texts, ['m.body: not a valid template: unknown tag iff, line 5']);
  const [use] = compileTree({ body: `${before}\n{{content_blocks.\${x}}}` }, options).blocks;
  assert.equal(use?.line, 5);
});

test('an error in a content block names the block and the place in it', () => {
  const blocks = { outer: 'a\n{{content_blocks.${inner}}}', inner: `<!--\n-->\n ${bad}` };
  for (const member of ['body', 'subject']) {
    assert.equal(
      detailOf({ [member]: 'x\n\n{{content_blocks.${outer}}}' }, blocks),
      `messages.email.${member}: divided by 0, content block inner, line 3, column 2`,
    );
  }
});

test('the detail holds nothing of the message and of the person', () => {
  const texts = [
    '{{ custom_attribute.${name} | json_parse }}',
    '{{ custom_attribute.${name} | money }}',
    '{{ custom_attribute.${name} | base64_decode }}',
    '{{ "now" | date: custom_attribute.${name} | slice: custom_attribute.${name} }}',
  ];
  for (const text of texts) {
    const detail = detailOf({ body: text });
    assert.match(detail ?? '', /^messages\.email\.body: .*, line 1, column 1$/, text);
    assert.doesNotMatch(detail ?? '', /secret/);
  }
});
