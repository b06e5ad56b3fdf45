import assert from 'node:assert/strict';
import test from 'node:test';
import { inlineCss } from './inline-css.ts';

test('rules move into the elements that they match, and those that cannot move stay', () => {
  const html = inlineCss(
    '<html><head><style>p{color:red}.t{font-size:12px!important}a:hover{color:blue}@media (max-width:600px){.t{width:100%}}[data-ogsc] .t{color:#fff!important}@font-face{font-family:X;src:url(x)}</style></head><body><!--[if mso]><p>o</p><![endif]--><p class="t" style="margin:0">Hi &amp; &auml;</p></body></html>',
  );
  assert.match(html, /<p class="t" style="color: red; margin: 0; font-size: 12px !important;">/);
  for (const kept of ['a:hover', '@media', '[data-ogsc] .t', '@font-face', '<!--[if mso]><p>o</p><![endif]-->'])
    assert.ok(html.includes(kept), `${kept} in ${html}`);
  assert.doesNotMatch(html, /<style>p\{/);
});

const unreadable = [
  '<style>p{color:red}</style><p style="width:a(   ">x</p>',
  `<style>p{color:red}</style><p style="width:a(${' '.repeat(50_000)}">x</p>`,
  '<style>p{color:</style><p>x</p>',
  '<style>}}}{{{</style><p>x</p>',
  '<style>p{color:red}',
];
for (const html of unreadable)
  test(`CSS that cannot be read loses no mail: ${html.slice(0, 60)}`, () => {
    const before = process.threadCpuUsage();
    assert.match(inlineCss(html), /x<\/p>|^<style>p\{color:red\}/);
    const { user, system } = process.threadCpuUsage(before);
    assert.ok(user + system < 1_000_000);
  });

test('a style sheet that would take minutes is given up, once, and the mail stays as it was', () => {
  const rules = Array.from({ length: 4_000 }, (_, at) => `.n${at} .x{color:red}`).join('');
  const html = (name: string) => `<style>${rules}</style>${'<p>x</p>'.repeat(20_000)}<p class="x">Hi ${name}</p>`;
  const before = process.threadCpuUsage();
  for (const name of ['Ada', 'Bob', 'Eve', 'Fay', 'Gus']) assert.ok(inlineCss(html(name)) === html(name), name);
  const { user, system } = process.threadCpuUsage(before);
  assert.ok(user + system < 6_000_000, `${(user + system) / 1_000} ms`);
});
