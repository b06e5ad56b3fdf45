import type { StoredTemplate } from '../stored-template.ts';
import { type EmailMessage, NOT_INLINED } from './schema.ts';

/**
 * The members of a stored template that a message does not give itself. The plain text of a template belongs to its HTML, so
 * a message with a body of its own does not get it. Source: messaging-objects.md §6.1.
 */
export function fromTemplate(
  message: EmailMessage,
  template: StoredTemplate,
  warn: (member: string, remark: string) => void,
): Partial<EmailMessage> {
  const { plaintext_body, ...others } = template;
  const offered: StoredTemplate = message.body === undefined ? template : others;
  const taken = Object.entries(offered).filter(
    ([key, value]) => value !== undefined && message[key as keyof StoredTemplate] === undefined,
  );
  if (taken.some(([key, value]) => key === 'should_inline_css' && value === true))
    warn('should_inline_css', NOT_INLINED);
  return Object.fromEntries(taken);
}
