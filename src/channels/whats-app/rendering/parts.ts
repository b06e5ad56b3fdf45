import { RenderStop } from '../../../templating/render-stop.ts';
import { requireText } from '../../fields.ts';
import { isWebUrl, limits, type MediaType } from '../content.ts';

/** The body of a Cloud API call, without its recipient. Source: messaging-objects.md §8.4. */
export type RenderedWhatsApp = { type: string; [member: string]: unknown };

export function interactive(type: string, content: object): RenderedWhatsApp {
  return { type: 'interactive', interactive: { type, ...content } };
}

export function headerText(key: string, value: string | undefined): { header?: object } {
  return value === undefined ? {} : { header: { type: 'text', text: within(key, value, limits.header) } };
}

export function frame({ body, footer }: { body: string; footer?: string | undefined }, most: number): object {
  const end = footer === undefined ? {} : { footer: { text: within('footer', footer, limits.footer) } };
  return { body: { text: filled('body', body, most) }, ...end };
}

export function imageOf(key: string, link: string): object {
  return mediaOf('image', key, link);
}

export function mediaOf(type: MediaType, key: string, link: string): object {
  return { type, [type]: { link: webLink(key, link) } };
}

/** A URL that Meta fetches or a person opens. */
export function webLink(key: string, value: string): string {
  const link = filled(key, value).trim();
  if (!isWebUrl(link)) throw new RenderStop('aborted', `${key}: expected an http or https URL after rendering`);
  return link;
}

export function filled(key: string, value: string, most = Number.POSITIVE_INFINITY): string {
  return requireText(key, within(key, value, most));
}

/** The text without control characters other than the line feed. Source: personalization.md §10. */
export function within(key: string, value: string, most: number): string {
  const text = value.replace(/[^\P{Cc}\n]+/gu, '');
  if ([...text].length > most)
    throw new RenderStop('payload_too_large', `${key}: more than ${most} characters after rendering`);
  return text;
}

/** Buttons of one message or card, which Meta tells apart by their titles. */
export function distinct(key: string, titles: readonly string[]): readonly string[] {
  if (new Set(titles).size < titles.length)
    throw new RenderStop('aborted', `${key}: expected different titles after rendering`);
  return titles;
}
