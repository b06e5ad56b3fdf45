import { readFlag } from '../../../lib/raw/lenient.ts';
import type { RenderFacts } from '../../channel.ts';
import { readRendered } from '../../fields.ts';
import {
  type CarouselMessage,
  type FlowMessage,
  type ImageMessage,
  type ListMessage,
  limits,
  type QuickReply,
  type TemplateMessage,
  type TextMessage,
} from '../content.ts';
import type { WhatsAppMessage } from '../schema.ts';
import {
  distinct,
  filled,
  frame,
  headerText,
  imageOf,
  interactive,
  type RenderedWhatsApp,
  webLink,
  within,
} from './parts.ts';
import { renderCarousel, templateCards } from './render-carousel.ts';
import { components, textParameters } from './template-parts.ts';

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
    case 'carousel_response_message':
      return renderCarousel(message as CarouselMessage);
  }
}

function template(message: TemplateMessage): RenderedWhatsApp {
  const parts = [
    ...components({ header: header(message), ...message }),
    ...(message.carousel_cards === undefined ? [] : [templateCards(message.carousel_cards)]),
  ];
  const language = { code: filled('template_language_code', message.template_language_code) };
  const name = filled('template_name', message.template_name);
  return { type: 'template', template: { name, language, ...(parts.length > 0 && { components: parts }) } };
}

/** The parameters of the header, under the name that the caller gave the image. */
function header({ header_variables = [], header_media_uri, header_image_uri }: TemplateMessage): object[] {
  if (header_media_uri !== undefined) return [imageOf('header_media_uri', header_media_uri)];
  if (header_image_uri !== undefined) return [imageOf('header_image_uri', header_image_uri)];
  return textParameters('header_variables', header_variables);
}

function text({ body, preview_url }: TextMessage): RenderedWhatsApp {
  const preview = readRendered('preview_url', preview_url, readFlag) ?? false;
  return { type: 'text', text: { body: filled('body', body, limits.textBody), preview_url: preview } };
}

function image({ image_uri, caption }: ImageMessage): RenderedWhatsApp {
  const link = webLink('image_uri', image_uri);
  return {
    type: 'image',
    image: { link, ...(caption !== undefined && { caption: within('caption', caption, limits.caption) }) },
  };
}

function quickReply(message: QuickReply): RenderedWhatsApp {
  const titles = message.buttons.map(({ text }, index) => filled(`buttons[${index}].text`, text, limits.button));
  const buttons = distinct('buttons', titles).map((title, index) => ({
    type: 'reply',
    reply: { id: `qr_${index}`, title },
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

function flow(message: FlowMessage, { dispatchId, provider }: RenderFacts): RenderedWhatsApp {
  const flow_id = filled('flow_id', message.flow_button.flow_id);
  const screen = firstScreen(provider, flow_id);
  const parameters = {
    flow_message_version: '3',
    flow_id,
    flow_cta: filled('caption', message.flow_button.caption, limits.button),
    flow_token: dispatchId,
    ...(screen !== undefined && { flow_action: 'navigate', flow_action_payload: { screen } }),
  };
  const action = { name: 'flow', parameters };
  return interactive('flow', {
    ...headerText('header_text', message.header_text),
    ...frame(message, limits.replyBody),
    action,
  });
}

function firstScreen(provider: RenderFacts['provider'], flowId: string): string | undefined {
  if (provider?.kind !== 'whatsapp_cloud') return undefined;
  return provider.settings.flow_screens?.find(({ flow_id }) => flow_id === flowId)?.screen;
}
