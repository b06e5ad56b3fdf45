// The worked examples of personalization.md §5 and §6.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { withoutComments } from './reading/html-comments.ts';
import { RenderStop } from './render-stop.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate, isTemplate, TemplateSyntaxError } from './template.ts';

const ada = sampleContext({
  'zip code': '10115',
  points: 250,
  balance: '  ',
  premium: false,
  brands: ['Nike', 'Puma'],
  trips: [],
  address: { city: 'Rome' },
  stays: [{ hotel: 'Y', nights: 2 }],
  joined: '2021-06-03T17:13:41Z',
});
ada.person.email = 'ada+1@example.test';
ada.person.customTimes = { joined: Date.parse('2021-06-03T17:13:41Z') };

function render(template: string): string {
  return isTemplate(template) ? compileTemplate(template).render(ada) : template;
}

/** Lines `template ⇒ output`; a number before the template is its own. */
const lines = readFileSync(new URL('./examples.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes('⇒'));
const examples = lines.map((line) => {
  const [given = '', expected = ''] = line.replace(/^ *\d+ /, '').split(/ +⇒ ?/);
  const text = expected.replace(', in an HTML body', '');
  return { template: text === expected ? given : withoutComments(given).text, expected: text };
});

test('the examples are those of the specification, all of them', () => {
  const page = readFileSync(new URL('../../docs/spec/personalization.md', import.meta.url), 'utf8');
  const blocks = page.split(/^```.*$/m).filter((_, index) => index % 2 === 1);
  assert.deepEqual(
    lines,
    blocks.flatMap((block) => block.split('\n').filter((line) => line.includes('⇒'))),
  );
  assert.equal(lines.length, 73);
});

for (const { template, expected } of examples) {
  test(`${template} ⇒ ${expected}`, () => {
    if (expected.startsWith('request refused')) {
      assert.throws(() => render(template), TemplateSyntaxError);
    } else if (expected.startsWith('ABORT')) {
      const text = /log "(.*)"/.exec(expected)?.[1] ?? '{% abort_message %} called';
      assert.throws(() => render(template), new RenderStop('aborted', text));
    } else if (expected.startsWith('render_error')) {
      assert.throws(
        () => render(template),
        (error) => error instanceof RenderStop && error.reason === 'render_error',
      );
    } else {
      const wanted = /^"(.*)" \(leading blank\)$/.exec(expected)?.[1] ?? expected.replace('(empty)', '');
      assert.equal(render(template), wanted);
    }
  });
}
