import { RenderStop } from '../../templating/render-stop.ts';
import { requireText } from '../fields.ts';
import { limits, type MediaType } from './content.ts';

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
  return { type, [type]: { link: filled(key, link) } };
}

export function filled(key: string, value: string, most = Number.POSITIVE_INFINITY): string {
  return within(key, requireText(key, value), most);
}

export function within(key: string, value: string, most: number): string {
  if ([...value].length > most)
    throw new RenderStop('payload_too_large', `${key}: more than ${most} characters after rendering`);
  return value;
}
