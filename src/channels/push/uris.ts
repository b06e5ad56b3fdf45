import { readFlag } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import { type Fields, isTemplate } from '../fields.ts';
import { given } from './fields.ts';

/** What a tap may open. `web`: an http or https URL, or one relative to the site. `app`: these, or an app's own deep link. */
export type Opens = 'web' | 'app';

/** Schemes that run a script or read the device instead of opening a place. */
const unsafe = new Set([
  ...['javascript', 'vbscript', 'data', 'blob', 'file', 'filesystem', 'about', 'view-source', 'content', 'jar'],
]);
const scheme = /^[^\x21-\u{10ffff}]*([a-z][a-z\d+.\t\n\r-]*):/iu;

/** The problem with a URI that a tap opens. null: none. Browsers drop tabs and line breaks, so they hide no scheme. */
export function uriProblem(text: string, opens: Opens): string | null {
  const name = schemeOf(text);
  if (opens === 'web' && name !== undefined && name !== 'http' && name !== 'https')
    return 'expected an http or https URL';
  return name !== undefined && unsafe.has(name) ? `must not be a URI of the scheme ${name}` : null;
}

export function readUri(fields: Fields, key: string, opens: Opens): string | undefined {
  const text = fields.text(key);
  if (text === undefined || isTemplate(text)) return text;
  const problem = uriProblem(text, opens);
  if (problem !== null) fields.problems.add('range', fields.at(key), problem);
  const doubt = problem === null ? doubtOf(text, opens, fields, key) : null;
  if (doubt !== null) fields.problems.warn(`${fields.at(key)}: ${doubt}`);
  return text;
}

/** Why a tap will probably open nothing, or a device load nothing, although the original accepts the URI. null: it is good. */
function doubtOf(text: string, opens: Opens, fields: Fields, key: string): string | null {
  if (opens === 'web') return null;
  const name = schemeOf(text);
  const isLoaded = key.endsWith('_url');
  const example = isLoaded ? 'https://acme.example/cat.png' : 'https://acme.example/offer or acme://offer';
  if (name === undefined) return `has no scheme and probably opens nothing; expected a URI such as ${example}`;
  if (/\s/.test(text.trim()) || !URL.canParse(text))
    return `is no valid URI and probably opens nothing; expected one such as ${example}`;
  if (name === 'http' || name === 'https') return null;
  if (isLoaded) return `devices load http and https URLs only, got the scheme ${name}`;
  const webview = readFlag(fields.get('use_webview'));
  const inWebview = webview.ok && webview.value === true;
  return inWebview
    ? `use_webview is true, and a web view opens http and https URLs only, got the scheme ${name}`
    : null;
}

function schemeOf(text: string): string | undefined {
  return scheme
    .exec(text)?.[1]
    ?.replace(/[\t\n\r]/g, '')
    .toLowerCase();
}

/** The URI after rendering. A blank one counts as absent, one that must not be opened stops the message. */
export function renderedUri(key: string, text: string | undefined, opens: Opens): string | undefined {
  const uri = given(text);
  const problem = uri === undefined ? null : uriProblem(uri, opens);
  if (problem !== null) throw new RenderStop('aborted', `${key}: ${problem}, after rendering`);
  return uri;
}
