import type { RenderedWhatsApp } from './rendering/parts.ts';
import type { WhatsAppCloudSettings } from './settings.ts';

const WINDOW_MS = 24 * 3_600_000;

/**
 * Why a message may not go out now. A template may at any time. Everything else only answers a person who wrote to the
 * number within 24 hours. Without the app's secret no callback is taken, so nobody knows who wrote, and Meta decides.
 * null: no objection. Pure. Source: messaging-objects.md §8.3.
 */
export function windowProblem(
  { type }: Pick<RenderedWhatsApp, 'type'>,
  lastWrote: Readonly<Record<string, number>>,
  { settings, now }: { settings: Pick<WhatsAppCloudSettings, 'app_secret' | 'phone_number_id'>; now: Date },
): string | null {
  if (type === 'template' || settings.app_secret === undefined) return null;
  const wroteMs = Object.hasOwn(lastWrote, settings.phone_number_id) ? lastWrote[settings.phone_number_id] : undefined;
  if (wroteMs === undefined)
    return 'the person has not written to this number within 24 hours; only a template_message may be sent';
  if (now.getTime() - wroteMs < WINDOW_MS) return null;
  const at = new Date(wroteMs).toISOString();
  return `the person last wrote at ${at}, more than 24 hours ago; only a template_message may be sent`;
}
