import { namesNo } from '../../../lib/raw/json.ts';
import type { Problems } from '../../../lib/raw/problems.ts';
import { RenderStop } from '../../../templating/render-stop.ts';
import { compact, type Fields, isTemplate, requireText } from '../../fields.ts';
import type { RenderedAttachment } from '../rendered.ts';
import type { FileCredential } from '../settings.ts';

/** An object under `email.attachments`. Source: messaging-objects.md §6.4. */
export interface MailAttachment {
  file_name: string;
  url: string;
  basic_auth_credential?: string | undefined;
}

/** Most files of a mail, which have 10 MiB together. */
export const MOST = 20;
const LONGEST_NAME = 255;
const CONTROL = /\p{Cc}/u;

export function readAttachments(fields: Fields): MailAttachment[] | undefined {
  const given = fields.objects('attachments') ?? [];
  if (given.length > MOST) fields.refuse('attachments', `expected at most ${MOST}, got ${given.length}`, 'range');
  const read = given.map((one) => readAttachment(one));
  return read.length === 0 ? undefined : read;
}

function readAttachment(fields: Fields): MailAttachment {
  const file_name = fields.text('file_name');
  const url = fields.text('url');
  if (file_name === undefined) fields.require('file_name');
  else if (!isTemplate(file_name)) {
    const problem = nameProblem(file_name);
    if (problem !== null) fields.refuse('file_name', problem, 'range');
  }
  if (url === undefined) fields.require('url');
  else if (!isTemplate(url) && !isWebUrl(url)) fields.refuse('url', 'expected an http or https URL', 'range');
  const basic_auth_credential = fields.text('basic_auth_credential');
  return compact({ file_name: file_name ?? '', url: url ?? '', basic_auth_credential });
}

/** Refuses credentials that the workspace does not have. */
export function checkCredentials(
  attachments: readonly MailAttachment[],
  path: string,
  problems: Problems,
  credentials: readonly FileCredential[],
): void {
  for (const [index, { basic_auth_credential: name }] of attachments.entries())
    if (name !== undefined && !credentials.some((one) => one.name === name))
      problems.add('cross', `${path}[${index}].basic_auth_credential`, namesNo('a credential', name));
}

/** The attachments of one person's mail. */
export function renderAttachments(attachments: readonly MailAttachment[]): RenderedAttachment[] {
  return attachments.map(({ file_name, url, ...rest }, index) => {
    const at = `attachments[${index}]`;
    const name = requireText(`${at}.file_name`, file_name);
    const problem = nameProblem(name);
    if (problem !== null) throw new RenderStop('aborted', `${at}.file_name: ${problem} after rendering`);
    if (!isWebUrl(url)) throw new RenderStop('aborted', `${at}.url: expected an http or https URL after rendering`);
    return { file_name: name, url: url.trim(), ...rest };
  });
}

function nameProblem(name: string): string | null {
  if (name.length > LONGEST_NAME) return `expected at most ${LONGEST_NAME} characters`;
  return CONTROL.test(name) ? 'must not hold line breaks or other control characters' : null;
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
