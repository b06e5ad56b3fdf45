import { elementPath } from '../../../lib/raw/json.ts';
import { RenderStop } from '../../../templating/render-stop.ts';
import {
  type CarouselCard,
  type CarouselMessage,
  limits,
  type MediaType,
  mediaTypes,
  type TemplateCard,
} from '../content.ts';
import { distinct, filled, interactive, mediaOf, type RenderedWhatsApp, webLink, within } from './parts.ts';
import { components } from './template-parts.ts';

/** The component of a template that fills its cards. */
export function templateCards(cards: readonly TemplateCard[]): object {
  const type = commonType(cards.map(({ header_media_type }) => header_media_type));
  const filledCards = cards.map((card, card_index) => {
    const path = elementPath('carousel_cards', card_index);
    const header = [mediaOf(type, `${path}.header_media_uri`, card.header_media_uri)];
    return { card_index, components: components({ ...card, header }) };
  });
  return { type: 'carousel', cards: filledCards };
}

export function renderCarousel({ body, cards }: CarouselMessage): RenderedWhatsApp {
  const type = commonType(cards.map(({ media_type }) => media_type));
  return interactive('carousel', {
    body: { text: filled('body', body, limits.replyBody) },
    action: { cards: cards.map((card, index) => renderCard(card, index, type)) },
  });
}

function renderCard(card: CarouselCard, card_index: number, type: MediaType): object {
  const path = elementPath('cards', card_index);
  const { media_uri, body_text = '', cta_url_button } = card;
  const text = within(`${path}.body_text`, body_text, limits.cardBody);
  return {
    card_index,
    ...(cta_url_button !== undefined && { type: 'cta_url' }),
    header: mediaOf(type, `${path}.media_uri`, media_uri),
    ...(text.trim() !== '' && { body: { text } }),
    action: actionOf(card, card_index, path),
  };
}

function actionOf({ buttons = [], cta_url_button }: CarouselCard, card: number, path: string): object {
  if (cta_url_button === undefined) {
    const titles = buttons.map((title, index) => filled(`${path}.buttons[${index}]`, title, limits.button));
    return {
      buttons: distinct(`${path}.buttons`, titles).map((title, index) => ({
        type: 'quick_reply',
        quick_reply: { id: `qr_${card}_${index}`, title },
      })),
    };
  }
  const display_text = filled(`${path}.cta_url_button.display_text`, cta_url_button.display_text, limits.button);
  const url = webLink(`${path}.cta_url_button.url`, cta_url_button.url);
  return { name: 'cta_url', parameters: { display_text, url } };
}

/** The media type of all cards. A type that was a template is known, and compared, only now. */
function commonType(types: readonly string[]): MediaType {
  const [first = '', ...others] = types.map((type) => type.trim());
  const type = mediaTypes.find((known) => known === first);
  if (type === undefined)
    throw new RenderStop('aborted', `the cards' media type: expected ${mediaTypes.join(' or ')} after rendering`);
  if (others.some((other) => other !== type))
    throw new RenderStop('aborted', "the cards' media type: expected the same for every card after rendering");
  return type;
}
