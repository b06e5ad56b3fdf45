import { readFlag } from '../../lib/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { RenderFacts } from '../channel.ts';
import { readRendered, requireText } from '../fields.ts';
import {
  type FlowMessage,
  type ImageMessage,
  type ListMessage,
  limits,
  type QuickReply,
  type TemplateMessage,
  type TextMessage,
} from './content.ts';
import type { WhatsAppMessage } from './schema.ts';

/** The body of a Cloud API call, without its recipient. Source: messaging-objects.md §8.4. */
export type RenderedWhatsApp = { type: string; [member: string]: unknown };

export function renderWhatsApp({ message_type, message }: WhatsAppMessage, facts: RenderFacts): RenderedWhatsApp {
  switch (message_type) {
    case 'template_message':
      return template(message as TemplateMessage);
    case 'text_response_message':
      return text(message as TextMessage);
    case 'text_image_response_message':
      return image(message as ImageMessage);
    case 'quick_reply_response_message':
      return quickReply(message as QuickReply);
    case 'list_response_message':
      return list(message as ListMessage);
    case 'flow_response_message':
      return flow(message as FlowMessage, facts);
  }
}

function template(message: TemplateMessage): RenderedWhatsApp {
  const parameters = (key: string, values: readonly string[]) =>
    values.map((value, index) => ({ type: 'text', text: filled(`${key}.${index}`, value) }));
  const { header_variables = [], body_variables = [], button_variables = {}, header_media_uri } = message;
  const header =
    header_media_uri === undefined
      ? parameters('header_variables', header_variables)
      : [imageOf('header_media_uri', header_media_uri)];
  const components: object[] = [];
  if (header.length > 0) components.push({ type: 'header', parameters: header });
  if (body_variables.length > 0)
    components.push({ type: 'body', parameters: parameters('body_variables', body_variables) });
  for (const [index, value] of Object.entries(button_variables)) {
    components.push({ type: 'button', sub_type: 'url', index, parameters: parameters('button_variables', [value]) });
  }
  const language = { code: filled('template_language_code', message.template_language_code) };
  const name = filled('template_name', message.template_name);
  return { type: 'template', template: { name, language, ...(components.length > 0 && { components }) } };
}

function text({ body, preview_url }: TextMessage): RenderedWhatsApp {
  const preview = readRendered('preview_url', preview_url, readFlag) ?? false;
  return { type: 'text', text: { body: filled('body', body, limits.textBody), preview_url: preview } };
}

function image({ image_uri, caption }: ImageMessage): RenderedWhatsApp {
  const link = filled('image_uri', image_uri);
  return {
    type: 'image',
    image: { link, ...(caption !== undefined && { caption: within('caption', caption, limits.caption) }) },
  };
}

function quickReply(message: QuickReply): RenderedWhatsApp {
  const buttons = message.buttons.map(({ text: title }, index) => ({
    type: 'reply',
    reply: { id: `qr_${index}`, title: filled(`buttons[${index}].text`, title, limits.button) },
  }));
  const media = message.header_image_uri;
  const header =
    media === undefined
      ? headerText('header_text', message.header_text)
      : { header: imageOf('header_image_uri', media) };
  return interactive('button', { ...header, ...frame(message, limits.replyBody), action: { buttons } });
}

function list(message: ListMessage): RenderedWhatsApp {
  const sections = message.list.list_sections.map(({ section_title, list_rows }, section) => ({
    title: filled('section_title', section_title, limits.sectionTitle),
    rows: list_rows.map(({ row_title, row_description }, row) => ({
      id: `r_${section}_${row}`,
      title: filled('row_title', row_title, limits.rowTitle),
      ...(row_description !== undefined && {
        description: within('row_description', row_description, limits.rowDescription),
      }),
    })),
  }));
  const button = filled('list_button_text', message.list.list_button_text, limits.button);
  return interactive('list', {
    ...headerText('header', message.header),
    ...frame(message, limits.textBody),
    action: { button, sections },
  });
}

function flow(message: FlowMessage, { dispatchId }: RenderFacts): RenderedWhatsApp {
  const parameters = {
    flow_message_version: '3',
    flow_id: filled('flow_id', message.flow_button.flow_id),
    flow_cta: filled('caption', message.flow_button.caption, limits.button),
    flow_token: dispatchId,
  };
  const action = { name: 'flow', parameters };
  return interactive('flow', {
    ...headerText('header_text', message.header_text),
    ...frame(message, limits.replyBody),
    action,
  });
}

function interactive(type: string, content: object): RenderedWhatsApp {
  return { type: 'interactive', interactive: { type, ...content } };
}

function headerText(key: string, value: string | undefined): { header?: object } {
  return value === undefined ? {} : { header: { type: 'text', text: within(key, value, limits.header) } };
}

function frame({ body, footer }: { body: string; footer?: string | undefined }, most: number): object {
  const end = footer === undefined ? {} : { footer: { text: within('footer', footer, limits.footer) } };
  return { body: { text: filled('body', body, most) }, ...end };
}

function imageOf(key: string, link: string): object {
  return { type: 'image', image: { link: filled(key, link) } };
}

function filled(key: string, value: string, most = Number.POSITIVE_INFINITY): string {
  return within(key, requireText(key, value), most);
}

function within(key: string, value: string, most: number): string {
  if ([...value].length > most)
    throw new RenderStop('payload_too_large', `${key}: more than ${most} characters after rendering`);
  return value;
}
