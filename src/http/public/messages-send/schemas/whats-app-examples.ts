import { exampleIds } from '../../../openapi/example-ids.ts';

const head = { app_id: exampleIds.app, subscription_group_id: exampleIds.whatsAppGroup };
const image = 'https://example.com/image.png';

/** One message of each kind. */
export const whatsAppExamples = {
  whats_app_template: {
    ...head,
    message_type: 'template_message',
    message: { template_name: 'welcome', template_language_code: 'en', body_variables: ['{{${first_name}}}'] },
  },
  whats_app_carousel_template: {
    ...head,
    message_type: 'template_message',
    message: {
      template_name: 'offers',
      template_language_code: 'en',
      carousel_cards: [
        { header_media_uri: image, header_media_type: 'image' },
        { header_media_uri: image, header_media_type: 'image' },
      ],
    },
  },
  whats_app_text: { ...head, message_type: 'text_response_message', message: { body: 'Hello!' } },
  whats_app_image: { ...head, message_type: 'text_image_response_message', message: { image_uri: image } },
  whats_app_quick_reply: {
    ...head,
    message_type: 'quick_reply_response_message',
    message: { body: 'Shall we call you?', buttons: [{ text: 'Yes' }, { text: 'No' }] },
  },
  whats_app_list: {
    ...head,
    message_type: 'list_response_message',
    message: {
      body: 'Which size?',
      list: { list_button_text: 'Sizes', list_sections: [{ section_title: 'All', list_rows: [{ row_title: 'S' }] }] },
    },
  },
  whats_app_flow: {
    ...head,
    message_type: 'flow_response_message',
    message: { body: 'Book a table', flow_button: { caption: 'Book', flow_id: '4711' } },
  },
  whats_app_link_carousel: {
    ...head,
    message_type: 'carousel_response_message',
    message: {
      body: 'Our offers',
      carousel_button_type: 'url',
      cards: [1, 2].map((number) => ({
        media_uri: image,
        media_type: 'image',
        cta_url_button: { display_text: 'See', url: `https://example.com/${number}` },
      })),
    },
  },
  whats_app_reply_carousel: {
    ...head,
    message_type: 'carousel_response_message',
    message: {
      body: 'Our offers',
      carousel_button_type: 'quick_reply',
      cards: [
        { media_uri: image, media_type: 'image', buttons: ['This'] },
        { media_uri: image, media_type: 'image', buttons: ['That'] },
      ],
    },
  },
} as const;
