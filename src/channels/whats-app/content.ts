import type { Templated } from '../fields.ts';

export const messageKinds = [
  'template_message',
  'text_response_message',
  'text_image_response_message',
  'quick_reply_response_message',
  'list_response_message',
  'flow_response_message',
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

export type WhatsAppContent = TemplateMessage | TextMessage | ImageMessage | QuickReply | ListMessage | FlowMessage;

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
} as const;
