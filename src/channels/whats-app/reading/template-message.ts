import { compact, type Fields, isTemplate } from '../../fields.ts';
import type { TemplateMessage } from '../content.ts';
import { readTemplateCards } from './carousel.ts';
import { requiredText, webUrl } from './text-fields.ts';
import { atMostOne, readButtonVariable, readVariables } from './variables.ts';

export function readTemplateMessage(fields: Fields): TemplateMessage {
  const template_name = requiredText(fields, 'template_name', 512);
  if (template_name !== '' && !isTemplate(template_name) && !/^[a-z0-9_]+$/.test(template_name)) {
    fields.problems.add('range', fields.at('template_name'), 'expected lower-case letters, digits and _');
  }
  return compact({
    template_name,
    template_language_code: requiredText(fields, 'template_language_code'),
    ...readHeader(fields),
    body_variables: readVariables(fields, 'body_variables'),
    button_variables: readButtonVariable(fields),
    carousel_cards: readTemplateCards(fields),
  });
}

type Header = Pick<TemplateMessage, 'header_variables' | 'header_media_uri' | 'header_image_uri'>;

/**
 * Reads the header: a variable or an image. A header is of one type, so an image wins over variables, and the newer
 * name of the image over the older one. The image keeps the name that the caller gave it, for errors.
 */
function readHeader(fields: Fields): Header {
  const header_variables = readVariables(fields, 'header_variables');
  if (header_variables !== undefined && header_variables.length > 1) atMostOne(fields, 'header_variables');
  const header_media_uri = webUrl(fields, 'header_media_uri');
  const header_image_uri = webUrl(fields, 'header_image_uri');
  if (header_media_uri === undefined && header_image_uri === undefined) return { header_variables };
  const [name, image] =
    header_media_uri === undefined
      ? ['header_image_uri', { header_image_uri }]
      : ['header_media_uri', { header_media_uri }];
  if (header_variables !== undefined && header_variables.length > 0)
    fields.problems.warn(`${fields.at('header_variables')}: ${name} is used instead`);
  return image;
}
