import type { StoredTemplate } from '../stored-template.ts';
import type { EmailMessage } from './schema.ts';

/**
 * The members of a stored template that a message does not give itself. The plain text of a template belongs to its HTML, so
 * a message with a body of its own does not get it. Source: messaging-objects.md §6.1.
 */
export function fromTemplate(message: EmailMessage, template: StoredTemplate): Partial<EmailMessage> {
  const { plaintext_body, ...others } = template;
  const offered: StoredTemplate = message.body === undefined ? template : others;
  return Object.fromEntries(
    Object.entries(offered).filter(
      ([key, value]) => value !== undefined && message[key as keyof StoredTemplate] === undefined,
    ),
  );
}
