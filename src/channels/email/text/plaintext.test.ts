import assert from 'node:assert/strict';
import test from 'node:test';
import { plaintextOf } from './plaintext.ts';

const table: [html: string, text: string][] = [
  ['Hello  <b>Ada</b>\n!', 'Hello Ada !'],
  ['<p>One</p><p>Two</p>', 'One\n\nTwo'],
  ['<h1>Title</h1>a<br>b<BR />c', 'Title\n\na\nb\nc'],
  ['<ul><li>x</li><li class="a">y</li></ul>', '- x\n\n- y'],
  ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a b\nc'],
  ['<a href="https://a.test/">here</a>', 'here (https://a.test/)'],
  ["<a class=x\n href = 'https://a.test/'>here</a >", 'here (https://a.test/)'],
  ['<a class="x"href="https://a.test/">here</a>', 'here (https://a.test/)'],
  ['<a href="https://a.test/">see https://a.test/</a>', 'see https://a.test/'],
  ['<a href="#top">up</a> <a name="x">x</a> <a data-href="y">z</a>', 'up x z'],
  ['<a href="https://a.test/">a<b>b</b><a href="https://b.test/">c</a>', 'ab (https://a.test/)c (https://b.test/)'],
  ['<a href=https://a.test/x>here</a>', 'here (https://a.test/x)'],
  ['<a href="https://a.test/?a=1&amp;b=2">here</a>', 'here (https://a.test/?a=1&b=2)'],
  ['<h1>Your code: aB3xY</h1>', 'Your code: aB3xY'],
  ['<div style="color:red; DISPLAY : none">teaser<p>x</p></div><p>Hi</p><img src="https://a.test/p.gif">', 'Hi'],
  ['<p>&Auml;gypten &rarr; &frac12; &eacute;&nbsp;!</p>', 'Ägypten → ½ é !'],
  ['<head><title>T</title></head><STYLE>p { }</style ><script>x < y</script>b', 'b'],
  ['a<!-- <p>no</p> -->b', 'ab'],
  ['a <style>b', 'a'],
  ['a <!-- b', 'a'],
  ['1 < 2 &amp; 3', '1 < 2 & 3'],
  ['&#8364;&#x20ac;&euro;&nosuch;&#0;&#x110000;', '€€€&nosuch;\ufffd\ufffd'],
];

test('the text of HTML keeps paragraphs, lists and links, and nothing that is not shown', () => {
  for (const [html, text] of table) assert.equal(plaintextOf(html), text, html);
});
