import { RenderStop } from '../../templating/render-stop.ts';
import type { RenderFacts } from '../channel.ts';
import { requireText } from '../fields.ts';
import type { RenderedSms } from './rendered.ts';
import { hasMedia, isWebUrl, type SmsMessage } from './schema.ts';
import { billedSegments, charactersProblem, segmentsProblem, textRulesOf } from './text/length.ts';

export function renderSms(message: SmsMessage, { provider }: Pick<RenderFacts, 'provider'>): RenderedSms {
  const body = withoutControls(hasMedia(message) ? message.body : requireText('body', message.body));
  const rules = textRulesOf(provider);
  const segments = billedSegments(body, rules);
  const problem = charactersProblem(body) ?? segmentsProblem(segments, rules);
  if (problem !== null) throw new RenderStop('payload_too_large', `body: ${problem}`);
  const media_urls = (message.media_items ?? []).map((url, at) => {
    const trimmed = url.trim();
    if (!isWebUrl(trimmed))
      throw new RenderStop('aborted', `media_items[${at}]: expected an http or https URL after rendering`);
    return trimmed;
  });
  return { body, media_urls, segments };
}

/** Control characters other than line feeds are no text. Source: personalization.md §10. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '');
}
