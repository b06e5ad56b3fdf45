import { isEmpty } from '../../../lib/raw/lenient.ts';
import { compact, type Fields, isTemplate } from '../../fields.ts';
import {
  type CarouselCard,
  type CarouselMessage,
  carouselButtonTypes,
  limits,
  mediaTypes,
  type TemplateCard,
} from '../content.ts';
import { count, differ, optionalText, requiredText, webUrl } from './text-fields.ts';
import { readButtonVariable, readVariables } from './variables.ts';

export const CARDS = { least: 2, most: 10 };
export const BUTTONS_OF_CARD = { least: 1, most: 2 };

/** The cards of a carousel template. Source: messaging-objects.md §8.1. */
export function readTemplateCards(fields: Fields): TemplateCard[] | undefined {
  const cards = isEmpty(fields.get('carousel_cards')) ? undefined : fields.objects('carousel_cards');
  if (cards === undefined) return undefined;
  count(fields, 'carousel_cards', cards.length, CARDS);
  const read = cards.map((card) =>
    compact<TemplateCard>({
      header_media_uri: requiredUrl(card, 'header_media_uri'),
      header_media_type: readMediaType(card, 'header_media_type'),
      body_variables: readVariables(card, 'body_variables'),
      button_variables: readButtonVariable(card),
    }),
  );
  sameForAll(fields, 'carousel_cards', read, 'header_media_type', ({ header_media_type: type }) =>
    isTemplate(type) ? undefined : type,
  );
  return read;
}

/** A carousel that answers a person. Source: messaging-objects.md §8.1. */
export function readCarousel(fields: Fields): CarouselMessage {
  const type = readButtonType(fields);
  const cards = fields.objects('cards') ?? [];
  if (fields.get('cards') === undefined) fields.require('cards');
  else count(fields, 'cards', cards.length, CARDS);
  const read = cards.map((card) => readCard(card, type));
  sameForAll(fields, 'cards', read, 'media_type', ({ media_type }) =>
    isTemplate(media_type) ? undefined : media_type,
  );
  if (type === 'quick_reply') sameForAll(fields, 'cards', read, 'number of buttons', ({ buttons }) => buttons?.length);
  return { body: requiredText(fields, 'body', limits.replyBody), carousel_button_type: type ?? 'url', cards: read };
}

/** It must not be a template, because it decides which members are read. */
function readButtonType(fields: Fields): CarouselMessage['carousel_button_type'] | undefined {
  const text = requiredText(fields, 'carousel_button_type');
  const type = carouselButtonTypes.find((known) => known === text);
  if (type === undefined && text !== '')
    fields.refuse('carousel_button_type', `expected one of ${carouselButtonTypes.join(', ')}`, 'range');
  return type;
}

function readCard(card: Fields, type: CarouselMessage['carousel_button_type'] | undefined): CarouselCard {
  return compact<CarouselCard>({
    media_uri: requiredUrl(card, 'media_uri'),
    media_type: readMediaType(card, 'media_type'),
    body_text: optionalText(card, 'body_text', limits.cardBody),
    ...(type === 'quick_reply' && { buttons: readButtons(card) }),
    ...(type === 'url' && { cta_url_button: readLinkButton(card) }),
  });
}

function readButtons(card: Fields): string[] {
  const buttons = card.texts('buttons');
  if (buttons === undefined) card.require('buttons');
  else count(card, 'buttons', buttons.length, BUTTONS_OF_CARD);
  const isTooLong = (text: string) => !isTemplate(text) && [...text].length > limits.button;
  if (buttons?.some(isTooLong)) card.refuse('buttons', `expected at most ${limits.button} characters each`, 'size');
  differ(card, 'buttons', buttons ?? []);
  if (buttons?.some((text) => text.trim() === '')) card.require('buttons', 'expected texts that are not blank');
  return buttons ?? [];
}

function readLinkButton(card: Fields): NonNullable<CarouselCard['cta_url_button']> {
  const button = card.object('cta_url_button');
  if (button === undefined) {
    card.require('cta_url_button');
    return { display_text: '', url: '' };
  }
  return { display_text: requiredText(button, 'display_text', limits.button), url: requiredUrl(button, 'url') };
}

function readMediaType(card: Fields, key: string): CarouselCard['media_type'] {
  return card.requiredOneOf(key, mediaTypes) ?? 'image';
}

function requiredUrl(fields: Fields, key: string): string {
  const url = webUrl(fields, key);
  if (url === undefined) fields.require(key);
  return url ?? '';
}

/** Refuses cards that differ in a value. Undefined: the value is not known before it is rendered. */
function sameForAll<Card>(
  fields: Fields,
  key: string,
  cards: readonly Card[],
  name: string,
  read: (card: Card) => string | number | undefined,
): void {
  const values = new Set(cards.map(read).filter((value) => value !== undefined));
  if (values.size > 1) fields.refuse(key, `expected the same ${name} for every card`, 'cross');
}
