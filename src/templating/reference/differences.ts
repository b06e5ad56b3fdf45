import type { Answer } from './plain.ts';

/** Where we mean to be unlike Shopify's Liquid. */
export interface Difference {
  rule: string;
  source: string;
  template: string;
  shopify: Answer;
  ours: Answer;
  /** Whether the difference between these answers is this one. */
  explains(shopify: Answer, ours: Answer): boolean;
}

const errorOf = (answer: Answer): string => ('error' in answer ? answer.error : '');
const oursSays =
  (part: string) =>
  (_shopify: Answer, ours: Answer): boolean =>
    errorOf(ours).includes(part);
const never = (): boolean => false;

export const differences: readonly Difference[] = [
  {
    rule: 'there is no order between a number and a text: the comparison is false',
    source: 'personalization.md §4',
    template: "{% if '10' > 9 %}a{% else %}b{% endif %}",
    shopify: { error: 'Liquid error: comparison of String with 9 failed' },
    ours: { output: 'b' },
    explains: (shopify) => errorOf(shopify).startsWith('Liquid error: comparison of'),
  },
  {
    rule: 'a filter that is not known is refused',
    source: 'personalization.md §5',
    template: "{{ 'x' | nope }}",
    shopify: { output: 'x' },
    ours: { error: 'unknown filter nope, line 1' },
    explains: oursSays('unknown filter'),
  },
  {
    rule: 'filters do not stand in conditions, cases and loops',
    source: 'personalization.md §2',
    template: "{% if 'a' | upcase == 'A' %}Y{% endif %}",
    shopify: { output: 'Y' },
    ours: { error: 'filters are not supported in conditions, cases and loops, line 1' },
    explains: oursSays('filters are not supported'),
  },
  {
    rule: 'parentheses do not stand in conditions, but for ranges',
    source: 'personalization.md §2',
    template: '{% if (true) %}Y{% endif %}',
    shopify: { output: '' },
    ours: { error: 'parentheses are not supported in conditions, line 1' },
    explains: oursSays('parentheses are not supported'),
  },
  {
    rule: 'three braces are refused',
    source: 'personalization.md §2',
    template: '{{{ s }}}',
    shopify: { output: '}' },
    ours: { error: 'three braces, line 1' },
    explains: oursSays('three braces'),
  },
  {
    rule: 'promotion codes are refused, because a message that promises one must not go out without it',
    source: 'personalization.md §4',
    template: "{{ promotion('spring') }}",
    shopify: { output: '' },
    ours: { error: 'promotion codes are not supported, line 1' },
    explains: oursSays('promotion codes are not supported'),
  },
  {
    rule: '&& and || are and, or',
    source: 'personalization.md §2',
    template: '{% if true && false %}a{% else %}b{% endif %}',
    shopify: { output: 'a' },
    ours: { output: 'b' },
    explains: never,
  },
  {
    rule: 'outputs stand in outputs and tags',
    source: 'personalization.md §2',
    template: '{% if {{ n }} == 5 %}a{% endif %}{{ n | plus: {{ n }} }}',
    shopify: { error: 'Liquid error: Unknown operator n' },
    ours: { output: 'a10' },
    explains: never,
  },
  {
    rule: 'a float divided by zero is an error',
    source: 'personalization.md §5',
    template: '{{ 1.0 | divided_by: 0 }}',
    shopify: { output: 'Infinity' },
    ours: { error: 'divided by 0' },
    explains: oursSays('divided by 0'),
  },
  {
    rule: 'a wrong number of arguments is seen when the template is read, even where the filter is never reached',
    source: 'personalization.md §5: a mistake is seen at request time and not by customers',
    template: '{% if false %}{{ 1 | plus }}{% endif %}',
    shopify: { output: '' },
    ours: { error: 'filter plus: expected 1 arguments, got 0, line 1' },
    explains: oursSays('arguments, got'),
  },
  {
    rule: 'so is an operator that is not known',
    source: 'as above',
    template: '{% if false and 1 = 1 %}{% endif %}',
    shopify: { output: '' },
    ours: { error: 'unknown operator =, line 1' },
    explains: oursSays('unknown operator'),
  },
  {
    rule: 'bytes that are no text are an error',
    source: 'messages are texts',
    template: "{{ 'gA==' | base64_decode | size }}",
    shopify: { output: '1' },
    ours: { error: 'base64_decode: not UTF-8' },
    explains: oursSays('base64_decode: not UTF-8'),
  },
  {
    rule: 'what was decoded counts by its characters, not by its bytes',
    source: 'messages are texts',
    template: "{{ 'w7w=' | base64_decode | size }}",
    shopify: { output: '2' },
    ours: { output: '1' },
    explains: never,
  },
  {
    rule: 'nothing within a comment is read, and endraw may have dashes',
    source: 'Liquid 5.5 and later',
    template: '{% comment %}{% if %}{% endcomment %}{% raw %}a{%- endraw -%}  b',
    shopify: {
      error: "Liquid::SyntaxError: Liquid syntax error: Syntax Error in tag 'if' - Valid syntax: if [expression]",
    },
    ours: { output: 'ab' },
    explains: never,
  },
  {
    rule: 'what is further than 2^53 seconds from 1970 is no time',
    source: 'limits',
    template: "{{ 9007199254740993 | date: '%Y' }}",
    shopify: { output: '285428751' },
    ours: { output: '9007199254740993' },
    explains: (_shopify, ours) => 'output' in ours && /9007199254740993|123456789012345678901/.test(ours.output),
  },
];
