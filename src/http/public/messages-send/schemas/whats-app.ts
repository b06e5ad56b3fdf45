import { carouselButtonTypes, limits, mediaTypes, messageKinds } from '../../../../channels/whats-app/content.ts';
import { BUTTONS_OF_CARD, CARDS } from '../../../../channels/whats-app/reading/carousel.ts';
import { MAX_BUTTONS, MAX_ROWS, MAX_SECTIONS } from '../../../../channels/whats-app/reading/responses.ts';
import { exampleIds } from '../../../openapi/example-ids.ts';
import { either, flag, given, like, list, map, oneOf, required, type Schema, text } from '../../../openapi/schema.ts';
import { appId } from './others.ts';
import { variation, webUrl } from './shared.ts';

const upTo = (maxLength: number, description?: string) => text(description, { maxLength });
const variables = like(
  ['Ada'],
  either('Values by position: a list, or an object with the keys `0`, `1` …', list(text()), map(text())),
);
const buttonVariables = like(
  { '0': 'Ada' },
  either('The value of one button’s variable, by the button’s index.', map(text()), list(text())),
);
const footer = upTo(limits.footer, 'A small last line.');

const template = given(
  {
    template_name: required(like('welcome', upTo(512, 'Lower-case letters, digits and `_`.'))),
    template_language_code: required(like('en', text())),
    header_variables: variables,
    header_media_uri: webUrl,
    header_image_uri: { ...webUrl, description: 'The older name of `header_media_uri`.' },
    body_variables: variables,
    button_variables: buttonVariables,
    carousel_cards: list(
      given({
        header_media_uri: required(webUrl),
        header_media_type: required(oneOf(mediaTypes)),
        body_variables: variables,
        button_variables: buttonVariables,
      }),
      'The cards of a carousel template.',
      CARDS.most,
    ),
  },
  'Of `template_message`.',
);

const response = given(
  { body: required(upTo(limits.textBody)), preview_url: flag('Whether a link is shown with a preview.') },
  'Of `text_response_message`.',
);

const image = given(
  { image_uri: required(webUrl), caption: upTo(limits.caption) },
  'Of `text_image_response_message`.',
);

const quickReply = given(
  {
    body: required(upTo(limits.replyBody)),
    header_text: upTo(limits.header),
    header_image_uri: webUrl,
    footer,
    buttons: required(list(given({ text: required(upTo(limits.button)) }), 'Buttons.', MAX_BUTTONS)),
  },
  'Of `quick_reply_response_message`.',
);

const section = given({
  section_title: required(upTo(limits.sectionTitle)),
  list_rows: required(
    list(
      given({ row_title: required(upTo(limits.rowTitle)), row_description: upTo(limits.rowDescription) }),
      'Rows.',
      MAX_ROWS,
    ),
  ),
});
const listMessage = given(
  {
    header: upTo(limits.header),
    body: required(upTo(limits.textBody)),
    footer,
    list: required(
      given({
        list_button_text: required(upTo(limits.button)),
        list_sections: required(list(section, 'Sections.', MAX_SECTIONS)),
      }),
    ),
  },
  'Of `list_response_message`.',
);

const flow = given(
  {
    header_text: upTo(limits.header),
    body: required(upTo(limits.replyBody)),
    footer,
    flow_button: required(given({ caption: required(upTo(limits.button)), flow_id: required(text()) })),
    generate_custom_attribute: flag(),
  },
  'Of `flow_response_message`.',
);

const card = given({
  media_uri: required(webUrl),
  media_type: required(oneOf(mediaTypes)),
  body_text: upTo(limits.cardBody),
  buttons: list(upTo(limits.button), 'Of quick replies.', BUTTONS_OF_CARD.most),
  cta_url_button: given({ display_text: required(upTo(limits.button)), url: required(webUrl) }, 'Of links.'),
});
const carousel = given(
  {
    body: required(upTo(limits.replyBody)),
    carousel_button_type: required(oneOf(carouselButtonTypes)),
    cards: required(list(card, 'Two or more cards.', CARDS.most)),
  },
  'Of `carousel_response_message`.',
);

const contents: readonly Schema[] = [template, response, image, quickReply, listMessage, flow, carousel];

export const whatsAppSchemas = {
  WhatsApp: given(
    {
      app_id: required(appId),
      subscription_group_id: required(like(exampleIds.whatsAppGroup, text('Only members of this group get it.'))),
      message_variation_id: variation,
      message_type: required(oneOf(messageKinds, 'Which form `message` has.')),
      message: required(either('The message, by `message_type`.', ...contents)),
    },
    'A WhatsApp message.',
  ),
};
