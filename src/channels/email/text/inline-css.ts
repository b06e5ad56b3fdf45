import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';
import type juice from 'juice';
import { BoundedCache } from '../../../lib/bounded-cache.ts';

/** Longest time for one mail, in milliseconds. A large newsletter takes a twentieth of it, a busy machine more. */
const LONGEST_MS = 2_000;
/** A sheet that took this much of the processor, in milliseconds, is not tried again. */
const DEAR_MS = 500;
/** Inlined HTML that is kept, because many mails of a dispatch are alike. */
const KEPT_BYTES = 4 * 1_048_576;

const options: juice.Options = {
  // Rules for some mail programs alone, which match nothing in the mail as it is.
  preservedSelectors: [
    '[data-ogsc]',
    '[data-ogsb]',
    '[data-ogac]',
    '[data-ogab]',
    '.ExternalClass',
    '#outlook',
    'u + ',
    '@supports',
  ],
  preserveImportant: true,
  applyWidthAttributes: false,
  applyHeightAttributes: false,
  applyAttributesTableElements: false,
};

const inlined = new BoundedCache<string, string>({ mostBytes: KEPT_BYTES });
/** Style sheets that could not be inlined, so that they cost their time once and not with each mail. */
const failed = new BoundedCache<string, true>({ mostBytes: 1_048_576 });

/**
 * Moves the rules of `<style>` elements into the elements that they match. Rules that cannot be moved (`@media`,
 * `:hover`, those for some mail programs) stay. HTML that takes too long or cannot be read stays as it is.
 */
export function inlineCss(html: string): string {
  if (!/<style\b/i.test(html)) return html;
  const known = inlined.get(html);
  if (known !== undefined) return known;
  const sheets = sheetsOf(html);
  if (failed.get(sheets)) return html;
  loaded();
  const before = process.threadCpuUsage();
  const result = limited(html);
  const { user, system } = process.threadCpuUsage(before);
  const isDear = (user + system) / 1_000 > DEAR_MS;
  if (result === null && isDear) failed.set(sheets, true, sheets.length);
  if (result !== null) inlined.set(html, result, html.length + result.length);
  return result ?? html;
}

function sheetsOf(html: string): string {
  return (html.match(/<style\b[^>]*>[^<]*/gi) ?? []).join('\n');
}

/** It takes as long to load as a third of the server, and most servers send no mail with style sheets. */
let library: typeof juice | null = null;

function loaded(): typeof juice {
  library ??= (createRequire(import.meta.url)('juice') as { default: typeof juice }).default;
  return library;
}

const context = createContext({ html: '', inline: (text: string) => loaded()(text, options) });
/** A script can be ended from outside, even within a function that it calls. */
const script = new Script('inline(html)');

/** null: it took too long, or the library failed at it. */
function limited(html: string): string | null {
  try {
    context.html = html;
    const result = String(script.runInContext(context, { timeout: LONGEST_MS }));
    // An element that is not closed swallows the rest.
    return result.trim() === '' ? null : result;
  } catch {
    // Malformed CSS and the time limit alike: the mail goes out as it was written.
    return null;
  } finally {
    context.html = '';
  }
}
