import type { PersonFacts } from '../../templating/facts.ts';
import type { PreferenceCenter } from '../../workspace/preference-centers.ts';

/** The name of the input for the state of all mails. */
export const GLOBAL_FIELD = 'email_global_state';
/** What stands before the id of a group in the name of its input. */
export const GROUP_FIELD = 'subscription_group.';

/**
 * The author's HTML as a template of messages: the tags that only these pages have become text, because they are the same for
 * everybody. A form is posted to the page's own address. Source: more-endpoints.md §8.
 */
export function templateOf(html: string): string {
  return html
    .replace(/\{\{\s*preference_center_submit_url\s*\}\}/g, '?')
    .replace(/\{%-?\s*form_field_name\s+:email_global_state\s*-?%\}/g, GLOBAL_FIELD)
    .replace(/\{%-?\s*form_field_name\s+:subscription_group\s+["']?([\w-]{1,64})["']?\s*-?%\}/g, `${GROUP_FIELD}$1`);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => entities[one] ?? one);
}

/** A person whose texts are safe in HTML, because what they say of themselves must not become a part of the page. */
export function escapedPerson(person: PersonFacts): PersonFacts {
  return escaped(person) as PersonFacts;
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeHtml(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]));
}

/** The page around the author's HTML, unless that is a whole page. */
export function pageAround(content: string, { title, options }: Pick<PreferenceCenter, 'title' | 'options'>): string {
  if (/<html[\s>]/i.test(content)) return content;
  const viewport = options['meta-viewport-content'] ?? 'width=device-width, initial-scale=1';
  const links = (options['links-tags'] ?? []).map((link) => {
    const parts = Object.entries(link).map(([name, value]) => `${name}="${escapeHtml(String(value))}"`);
    return `<link ${parts.join(' ')}>`;
  });
  return [
    '<!doctype html>',
    '<html>',
    '<head>',
    '<meta charset="utf-8">',
    `<meta name="viewport" content="${escapeHtml(viewport)}">`,
    '<meta name="robots" content="noindex">',
    `<title>${escapeHtml(title)}</title>`,
    ...links,
    '</head>',
    `<body>${content}</body>`,
    '</html>',
    '',
  ].join('\n');
}
