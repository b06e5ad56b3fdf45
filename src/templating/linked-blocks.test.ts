// Content blocks in templates: what is linked, what is refused with its place, and that each is parsed once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Problems } from '../lib/raw/problems.ts';
import { linkBlocks } from './linked-blocks.ts';
import { Budget } from './liquid/budget.ts';
import { RenderStop } from './render-stop.ts';
import { sampleContext } from './sample-context.ts';
import { compileTree } from './tree.ts';

const including = (name: string) => `{{content_blocks.\${${name}}}}`;

function link(value: object, blocks: Record<string, string>, drafts: string[] = []) {
  const problems = new Problems();
  const tree = compileTree(value, { path: 'm', never: new Set(), html: new Set(['html']), problems });
  const sources = Object.entries(blocks).map(
    ([name, text]) => [name, { text, isDraft: drafts.includes(name) }] as const,
  );
  const warnings: string[] = [];
  const linked = linkBlocks(tree.blocks, new Map(sources), { problems, warn: (text) => warnings.push(text) });
  return { tree, linked, warnings, errors: problems.texts };
}

test('blocks are linked two deep, once for each text or HTML, and say what they read', () => {
  const blocks = { a: `${including('b')}<!--{{\${language}}}-->`, b: `{{\${first_name}}}${including('c')}`, c: 'C' };
  const { tree, linked, warnings, errors } = link({ text: including('a').repeat(2), html: including('a') }, blocks);
  assert.deepEqual(errors, []);
  assert.deepEqual([...linked.names].sort(), ['a', 'b']);
  assert.deepEqual([...new Set(linked.references.map(({ name }) => name))].sort(), ['first_name', 'language']);
  assert.equal(linked.html.get('b'), linked.text.get('b'), 'one parsed template, since it has no comment');
  assert.deepEqual(tree.render(sampleContext(), new Budget(), linked), {
    text: 'Ada<!--en-->Ada<!--en-->',
    html: 'Ada',
  });
  assert.deepEqual(
    warnings.map((text) => text.split(':')[0]),
    ['m.text', 'm.html'],
  );
});

test('what cannot be linked is told under the text that includes it', () => {
  const blocks = { bad: 'x\n{{ 1 | nope }}', draft: 'D', outer: including('missing') };
  const rows: [text: string, error: RegExp][] = [
    [`\n${including('missing')}`, /^m\.text: not a valid template: unknown content block missing, line 2$/],
    [including('outer'), /^m\.text: not a valid template: unknown content block missing, line 1$/],
    [including('draft'), /^m\.text: not a valid template: content block draft is a draft, line 1$/],
    [including('bad'), /^m\.text: not a valid template: content block bad: .*nope.*, line 2$/],
  ];
  for (const [text, error] of rows) {
    const { errors } = link({ text }, blocks, ['draft']);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', error);
  }
});

test('a block that was not linked stops the message, and is never left out in silence', () => {
  const { tree } = link({ text: including('a') }, { a: 'A' });
  assert.throws(
    () => tree.render(sampleContext()),
    (error) => error instanceof RenderStop && error.detail === 'm.text: unknown content block a, line 1, column 1',
  );
});
