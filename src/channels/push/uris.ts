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
  const name = scheme
    .exec(text)?.[1]
    ?.replace(/[\t\n\r]/g, '')
    .toLowerCase();
  if (opens === 'web' && name !== undefined && name !== 'http' && name !== 'https')
    return 'expected an http or https URL';
  return name !== undefined && unsafe.has(name) ? `must not be a URI of the scheme ${name}` : null;
}

export function readUri(fields: Fields, key: string, opens: Opens): string | undefined {
  const text = fields.text(key);
  const problem = text === undefined || isTemplate(text) ? null : uriProblem(text, opens);
  if (problem !== null) fields.problems.add('range', fields.at(key), problem);
  return text;
}

/** The URI after rendering. A blank one counts as absent, one that must not be opened stops the message. */
export function renderedUri(key: string, text: string | undefined, opens: Opens): string | undefined {
  const uri = given(text);
  const problem = uri === undefined ? null : uriProblem(uri, opens);
  if (problem !== null) throw new RenderStop('aborted', `${key}: ${problem}, after rendering`);
  return uri;
}
