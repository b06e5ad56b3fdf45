import { isEmpty } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields } from '../fields.ts';
import { type MessageKind, messageKinds, type WhatsAppContent } from './content.ts';
import { readCarousel } from './reading/carousel.ts';
import {
  readFlowMessage,
  readImageMessage,
  readListMessage,
  readQuickReply,
  readTextMessage,
} from './reading/responses.ts';
import { readTemplateMessage } from './reading/template-message.ts';
import { requiredText } from './reading/text-fields.ts';

/** The object under `whats_app` in a request. Source: messaging-objects.md §8.1. */
export interface WhatsAppMessage {
  app_id: string;
  subscription_group_id: string;
  message_variation_id?: string | undefined;
  message_type: MessageKind;
  message: WhatsAppContent;
}

const readers: Readonly<Record<MessageKind, (fields: Fields) => WhatsAppContent>> = {
  template_message: readTemplateMessage,
  text_response_message: readTextMessage,
  text_image_response_message: readImageMessage,
  quick_reply_response_message: readQuickReply,
  list_response_message: readListMessage,
  flow_response_message: readFlowMessage,
  carousel_response_message: readCarousel,
};

export function parseWhatsApp(raw: Record<string, unknown>, path: string, problems: Problems): WhatsAppMessage | null {
  const fields = new Fields(raw, path, problems);
  const app_id = requiredText(fields, 'app_id');
  const subscription_group_id = requiredText(fields, 'subscription_group_id');
  const kind = readKind(fields);
  const content = fields.object('message');
  if (content === undefined && isEmpty(fields.get('message'))) fields.require('message');
  if (kind === undefined || content === undefined) return null;
  return compact({
    app_id,
    subscription_group_id,
    message_variation_id: fields.text('message_variation_id'),
    message_type: kind,
    message: readers[kind](content),
  });
}

/** The kind of message. It must not be a template, because it decides which members are read. */
function readKind(fields: Fields): MessageKind | undefined {
  const text = requiredText(fields, 'message_type');
  const kind = messageKinds.find((known) => known === text);
  if (kind === undefined && text !== '')
    fields.problems.add('range', fields.at('message_type'), `expected one of ${messageKinds.join(', ')}`);
  return kind;
}
