import type { Templated } from '../fields.ts';

export const messageKinds = [
  'template_message',
  'text_response_message',
  'text_image_response_message',
  'quick_reply_response_message',
  'list_response_message',
  'flow_response_message',
  'carousel_response_message',
] as const;
export type MessageKind = (typeof messageKinds)[number];

/** Values of a template's variables, by position. */
export type Variables = readonly string[];

export interface TemplateMessage {
  template_name: string;
  template_language_code: string;
  header_variables?: Variables | undefined;
  body_variables?: Variables | undefined;
  /** The button's zero-based index, and the value of its variable. */
  button_variables?: Readonly<Record<string, string>> | undefined;
  header_media_uri?: string | undefined;
  /** The older name of `header_media_uri`. A message has one of the two. */
  header_image_uri?: string | undefined;
  carousel_cards?: TemplateCard[] | undefined;
}

export const mediaTypes = ['image', 'video'] as const;
export type MediaType = (typeof mediaTypes)[number];

/** One card of a template, in the order in which the template was approved. */
export interface TemplateCard {
  header_media_uri: string;
  header_media_type: Templated<MediaType>;
  body_variables?: Variables | undefined;
  button_variables?: TemplateMessage['button_variables'];
}

export interface TextMessage {
  body: string;
  preview_url?: Templated<boolean> | undefined;
}

export interface ImageMessage {
  image_uri: string;
  caption?: string | undefined;
}

export interface QuickReply {
  body: string;
  header_text?: string | undefined;
  header_image_uri?: string | undefined;
  footer?: string | undefined;
  buttons: { text: string }[];
}

export interface ListMessage {
  header?: string | undefined;
  body: string;
  footer?: string | undefined;
  list: {
    list_button_text: string;
    list_sections: {
      section_title: string;
      list_rows: { row_title: string; row_description?: string | undefined }[];
    }[];
  };
}

export interface FlowMessage {
  header_text?: string | undefined;
  body: string;
  footer?: string | undefined;
  flow_button: { caption: string; flow_id: string };
  generate_custom_attribute?: Templated<boolean> | undefined;
}

export const carouselButtonTypes = ['quick_reply', 'url'] as const;

export interface CarouselMessage {
  body: string;
  carousel_button_type: (typeof carouselButtonTypes)[number];
  cards: CarouselCard[];
}

/** A card with `buttons` or a `cta_url_button`, by the message's button type. */
export interface CarouselCard {
  media_uri: string;
  media_type: Templated<MediaType>;
  body_text?: string | undefined;
  buttons?: string[] | undefined;
  cta_url_button?: { display_text: string; url: string } | undefined;
}

export type WhatsAppContent =
  | TemplateMessage
  | TextMessage
  | ImageMessage
  | QuickReply
  | ListMessage
  | FlowMessage
  | CarouselMessage;

/** Most characters of each text, before and after rendering. Source: messaging-objects.md §8.1. */
export const limits = {
  textBody: 4_096,
  caption: 1_024,
  replyBody: 1_024,
  header: 60,
  footer: 60,
  button: 20,
  sectionTitle: 24,
  rowTitle: 24,
  rowDescription: 72,
  cardBody: 160,
} as const;

export function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
