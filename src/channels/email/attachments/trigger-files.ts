import type { Problems } from '../../../lib/raw/problems.ts';
import type { MessageFiles } from '../../channel.ts';
import { Fields, isTemplate } from '../../fields.ts';
import type { EmailMessage } from '../schema.ts';
import { checkCredentials, type MailAttachment, MOST, readAttachments } from './schema.ts';

/** The files that a trigger adds to a campaign's mails. They are no templates, because nobody has checked them. */
export const triggerFiles: MessageFiles<EmailMessage, MailAttachment> = {
  read(given, path, problems) {
    const files = readAttachments(new Fields({ [path]: given }, '', problems)) ?? [];
    for (const [index, file] of files.entries()) refuseTemplates(file, `${path}[${index}]`, problems);
    return files;
  },
  add(message, files, { path, problems, settings }) {
    checkCredentials(files, path, problems, settings.email.attachments.credentials);
    const theirs = message.attachments ?? [];
    const most = MOST - theirs.length;
    if (files.length > most)
      problems.add('range', path, `expected at most ${most}, got ${files.length}; the campaign has ${theirs.length}`);
    return { ...message, attachments: [...theirs, ...files] };
  },
};

function refuseTemplates(file: MailAttachment, path: string, problems: Problems): void {
  for (const key of ['file_name', 'url'] as const)
    if (isTemplate(file[key])) problems.add('range', `${path}.${key}`, 'expected a text without Liquid');
}
