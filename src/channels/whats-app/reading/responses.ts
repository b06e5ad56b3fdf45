import { compact, type Fields } from '../../fields.ts';
import {
  type FlowMessage,
  type ImageMessage,
  type ListMessage,
  limits,
  type QuickReply,
  type TextMessage,
} from '../content.ts';
import { count, differ, optionalText, requiredText, webUrl } from './text-fields.ts';

export const MAX_BUTTONS = 3;
export const MAX_SECTIONS = 10;
export const MAX_ROWS = 10;

export function readTextMessage(fields: Fields): TextMessage {
  return compact({ body: requiredText(fields, 'body', limits.textBody), preview_url: fields.flag('preview_url') });
}

export function readImageMessage(fields: Fields): ImageMessage {
  const image_uri = webUrl(fields, 'image_uri');
  if (image_uri === undefined) fields.require('image_uri');
  return compact({ image_uri: image_uri ?? '', caption: optionalText(fields, 'caption', limits.caption) });
}

export function readQuickReply(fields: Fields): QuickReply {
  const header_text = optionalText(fields, 'header_text', limits.header);
  const header_image_uri = webUrl(fields, 'header_image_uri');
  if (header_text !== undefined && header_image_uri !== undefined) {
    fields.problems.add('cross', fields.at('header_text'), 'cannot stand beside header_image_uri');
  }
  const buttons = (fields.objects('buttons') ?? []).map((button) => ({
    text: requiredText(button, 'text', limits.button),
  }));
  if (fields.get('buttons') === undefined) fields.require('buttons');
  else count(fields, 'buttons', buttons.length, { least: 1, most: MAX_BUTTONS });
  const titles = buttons.map(({ text }) => text);
  differ(fields, 'buttons', titles);
  const body = requiredText(fields, 'body', limits.replyBody);
  return compact({
    body,
    header_text,
    header_image_uri,
    footer: optionalText(fields, 'footer', limits.footer),
    buttons,
  });
}

export function readListMessage(fields: Fields): ListMessage {
  const list = fields.object('list');
  if (list === undefined) fields.require('list');
  return compact({
    header: optionalText(fields, 'header', limits.header),
    body: requiredText(fields, 'body', limits.textBody),
    footer: optionalText(fields, 'footer', limits.footer),
    list: list === undefined ? { list_button_text: '', list_sections: [] } : readList(list),
  });
}

function readList(fields: Fields): ListMessage['list'] {
  const sections = (fields.objects('list_sections') ?? []).map(readSection);
  if (fields.get('list_sections') === undefined) fields.require('list_sections');
  else count(fields, 'list_sections', sections.length, { least: 1, most: MAX_SECTIONS });
  const rows = sections.reduce((sum, { list_rows }) => sum + list_rows.length, 0);
  if (rows > MAX_ROWS)
    fields.problems.add('range', fields.at('list_sections'), `expected at most ${MAX_ROWS} rows in all, got ${rows}`);
  return { list_button_text: requiredText(fields, 'list_button_text', limits.button), list_sections: sections };
}

function readSection(fields: Fields): ListMessage['list']['list_sections'][number] {
  const list_rows = (fields.objects('list_rows') ?? []).map((row) =>
    compact({
      row_title: requiredText(row, 'row_title', limits.rowTitle),
      row_description: optionalText(row, 'row_description', limits.rowDescription),
    }),
  );
  if (list_rows.length === 0) fields.require('list_rows', 'expected at least one row');
  return { section_title: requiredText(fields, 'section_title', limits.sectionTitle), list_rows };
}

export function readFlowMessage(fields: Fields): FlowMessage {
  const button = fields.object('flow_button');
  if (button === undefined) fields.require('flow_button');
  const flow_button = {
    caption: button === undefined ? '' : requiredText(button, 'caption', limits.button),
    flow_id: button === undefined ? '' : requiredText(button, 'flow_id'),
  };
  return compact({
    header_text: optionalText(fields, 'header_text', limits.header),
    body: requiredText(fields, 'body', limits.replyBody),
    footer: optionalText(fields, 'footer', limits.footer),
    flow_button,
    generate_custom_attribute: fields.flag('generate_custom_attribute'),
  });
}
