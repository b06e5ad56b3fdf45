import type { Variables } from '../content.ts';
import { filled } from './parts.ts';

/** The components of a template, or of one card of it. `header`: the parameters of its header. */
export function components({
  header,
  body_variables = [],
  button_variables = {},
}: {
  header: readonly object[];
  body_variables?: Variables | undefined;
  button_variables?: Readonly<Record<string, string>> | undefined;
}): object[] {
  const parts: object[] = [];
  if (header.length > 0) parts.push({ type: 'header', parameters: header });
  if (body_variables.length > 0)
    parts.push({ type: 'body', parameters: textParameters('body_variables', body_variables) });
  for (const [index, value] of Object.entries(button_variables)) {
    parts.push({ type: 'button', sub_type: 'url', index, parameters: textParameters('button_variables', [value]) });
  }
  return parts;
}

export function textParameters(key: string, values: readonly string[]): object[] {
  return values.map((value, index) => ({ type: 'text', text: filled(`${key}.${index}`, flat(value)) }));
}

/**
 * Meta refuses line breaks, tabs and more than four spaces in a row in a variable. Each such run becomes one space.
 * Source: personalization.md §9.
 */
function flat(value: string): string {
  return value.replace(/[ \t\n\v\f\r\u0085\u2028\u2029]+/g, (run) => (/^ {1,4}$/.test(run) ? run : ' '));
}
