import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Problems } from '../lib/raw/problems.ts';
import { RenderStop } from './render-stop.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate, TemplateSyntaxError } from './template.ts';
import { compileTree } from './tree.ts';

const context = sampleContext(
  { n: 15, o: { a: 1 } },
  { links: { unsubscribe: 'https://c.test/u', subscribe: 'https://c.test/s', optIn: 'https://c.test/o' } },
);

const render = (source: string) => compileTemplate(source).render(context);

const isStop = (reason: string) => (error: unknown) => error instanceof RenderStop && error.reason === reason;

test('what belongs to objects of the engine or of JavaScript is nil', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'constructor.constructor', 'hasOwnProperty']) {
    assert.equal(render(`[{{custom_attribute.\${${name}}}}]`), '[]');
    assert.equal(render(`[{{custom_attribute.\${o}.${name}}}]`), '[]');
    assert.equal(render(`[{{\${${name}}}}]`), '[]');
  }
});

test('loops, output and time have their limits, and end in render_error', () => {
  const hostile = [
    '{% for i in (1..100000) %}x{% endfor %}',
    '{% for i in (1..5000) %}{% for j in (1..5000) %}{% endfor %}{% endfor %}',
    '{% assign s = "xxxxxxxxxx" %}{% for i in (1..30) %}{% assign s = s | append: s %}{% endfor %}{{s}}',
  ];
  for (const source of hostile) assert.throws(() => render(source), isStop('render_error'), source);
});

test('tags and filters of other dialects are refused', () => {
  const refused = [
    '{% include "x" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{{ 1 | camelize }}',
    '{% nosuch %}',
    '{{content_blocks.${no name}}}',
  ];
  for (const source of refused) assert.throws(() => compileTemplate(source), TemplateSyntaxError, source);
  assert.throws(() => compileTemplate('{% connected_content %}'), /expected a URL/);
  assert.throws(() => compileTemplate('{% if (1 == 1) %}x{% endif %}'), /parentheses/);
});

test('an order between nil or unlike values is false, and conditions are read from the right', () => {
  const truth = (condition: string) => render(`{% if ${condition} %}yes{% else %}no{% endif %}`);
  for (const condition of ['${last_name} < 1', '${last_name} >= 0', '"a" < 1', '1 < "2"'])
    assert.equal(truth(condition), 'no', condition);
  assert.equal(truth('true or false and false'), 'yes');
  assert.equal(truth('false and true or true'), 'no');
  assert.equal(truth('1 == 1 && 2 == 2'), 'yes');
  assert.equal(truth('1 == 2 || 2 == 2'), 'yes');
});

test('links are there for mail', () => {
  assert.equal(
    render('{{${set_user_to_unsubscribed_url}}} {{${unsubscribe_url}}}'),
    'https://c.test/u https://c.test/u',
  );
});

test('a tree renders its texts, shares what has none, and leaves literal members alone', () => {
  const problems = new Problems();
  const still = { a: ['x', 1] };
  const value = JSON.parse('{"t":"Hi {{${first_name}}}","id":"{{x","__proto__":{"p":"{{${user_id}}}"}}');
  const tree = compileTree(
    { ...value, still, list: ['{{${user_id}}}', 2], inner: { id: '{{${user_id}}}' } },
    { path: 'm', never: new Set(['id']), problems },
  );
  problems.throwIfAny();
  const rendered = tree.render(context) as Record<string, unknown>;
  assert.equal(rendered.t, 'Hi Ada');
  assert.equal(rendered.id, '{{x');
  assert.deepEqual(rendered.inner, { id: 'u1' }, 'a member of that name deeper inside is data');
  assert.equal(rendered.still, still);
  assert.deepEqual(rendered.list, ['u1', 2]);
  assert.equal(({} as { p?: string }).p, undefined);
});

test('syntax errors are filed under their path', () => {
  const problems = new Problems();
  compileTree({ a: [{ b: '{% if %}' }] }, { path: 'messages.email', never: new Set(), problems });
  assert.throws(() => problems.throwIfAny(), /messages\.email\.a\[0\]\.b: not a valid template/);
});

const piece = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '${',
    '}',
    "'",
    '"',
    '|',
    ' if ',
    ' endif ',
    ' for x in ',
    'custom_attribute.',
    '\\',
    '-',
    '(',
    ')',
    'raw',
    'comment',
    ' assign a = ',
    ':',
    '\n',
  ),
  fc.string({ maxLength: 5 }),
);

test('any text either compiles and renders, or is refused', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      try {
        render(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof TemplateSyntaxError || error instanceof RenderStop, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a text without Liquid is itself', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/\{[{%]/.test(text)),
      (text) => assert.equal(render(text), text),
    ),
  );
});
