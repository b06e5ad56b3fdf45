import { readDate, readFlag, readFloat, readInteger } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Measures, RenderFacts } from '../channel.ts';
import { compact, readRendered, readRenderedNumber, requireText } from '../fields.ts';
import { given } from '../push/fields.ts';
import { renderedUri } from '../push/uris.ts';
import { defaultAction } from './buttons.ts';
import {
  type AppleAlert,
  type ApplePush,
  assetTypes,
  interruptionLevels,
  isBackground,
  MAX_COLLAPSE_BYTES,
  ranges,
  saysSomething,
} from './schema.ts';

export interface RenderedApplePush {
  title: string | null;
  body: string | null;
  /** The APNs headers without topic, authorization and id. Source: messaging-objects.md §3.3. */
  headers: Record<string, string>;
  payload: Record<string, unknown>;
}

const MAX_PAYLOAD_BYTES = 4_096;
export const DEFAULT_EXPIRY_MS = 30 * 86_400_000;

export function renderApplePush(given: ApplePush, facts: RenderFacts): RenderedApplePush {
  const message = readRenderedScalars(given);
  if (message['content-available'] !== true && !saysSomething(message.alert)) requireText('alert', undefined);
  const headers = headersOf(message, facts);
  // Our own keys override the caller's.
  const payload = Object.fromEntries([
    ...Object.entries(message.extra ?? {}),
    ...Object.entries(ownMembers(message, facts)),
  ]);
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES) {
    throw new RenderStop('payload_too_large', `payload: more than ${MAX_PAYLOAD_BYTES} bytes`);
  }
  return { title: message.alert?.title ?? null, body: message.alert?.body ?? null, headers, payload };
}

/** Converts scalars that were templates. */
function readRenderedScalars(message: ApplePush): ApplePush {
  return compact<ApplePush>({
    ...message,
    alert: message.alert === undefined ? undefined : shownAlert(message.alert),
    badge: readRenderedNumber('badge', message.badge, readInteger, ranges.badge),
    sound: given(message.sound),
    custom_uri: renderedUri('custom_uri', message.custom_uri, 'app'),
    notification_group_thread_id: given(message.notification_group_thread_id),
    asset_url: renderedUri('asset_url', message.asset_url, 'app'),
    collapse_id: given(message.collapse_id),
    category: given(message.category),
    'content-available': readRendered('content-available', message['content-available'], readFlag),
    interruption_level: oneOf('interruption_level', message.interruption_level, interruptionLevels),
    relevance_score: readRenderedNumber('relevance_score', message.relevance_score, readFloat, ranges.relevance_score),
    use_webview: readRendered('use_webview', message.use_webview, readFlag),
    asset_file_type: oneOf('asset_file_type', message.asset_file_type, assetTypes),
    mutable_content: readRendered('mutable_content', message.mutable_content, readFlag),
    apns_priority: readRenderedNumber('apns_priority', message.apns_priority, readInteger, ranges.apns_priority),
  });
}

/** The alert without parts that rendered blank. undefined: nothing is left that could be shown. */
function shownAlert(alert: AppleAlert): AppleAlert | undefined {
  const shown = compact<AppleAlert>({
    ...alert,
    body: given(alert.body),
    title: given(alert.title),
    title_loc_key: given(alert.title_loc_key),
    action_loc_key: given(alert.action_loc_key),
    loc_key: given(alert.loc_key),
  });
  const { body, title, loc_key, title_loc_key } = shown;
  return (body ?? title ?? loc_key ?? title_loc_key) === undefined ? undefined : shown;
}

function oneOf<T extends string>(key: string, text: string | undefined, values: readonly T[]): T | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const found = values.find((value) => value === text.trim());
  if (found === undefined)
    throw new RenderStop('aborted', `${key}: expected one of ${values.join(', ')} after rendering`);
  return found;
}

function headersOf(message: ApplePush, { now }: RenderFacts): Record<string, string> {
  const expiry = readRendered('expiry', message.expiry, readDate) ?? new Date(now.getTime() + DEFAULT_EXPIRY_MS);
  const expiresAt = expiry instanceof Date ? expiry : new Date(expiry);
  if (expiresAt <= now) throw new RenderStop('expired', 'expiry has passed');
  const background = isBackground(message);
  const { collapse_id } = message;
  if (collapse_id !== undefined && Buffer.byteLength(collapse_id) > MAX_COLLAPSE_BYTES)
    throw new RenderStop('payload_too_large', `collapse_id: more than ${MAX_COLLAPSE_BYTES} bytes after rendering`);
  return {
    'apns-push-type': background ? 'background' : 'alert',
    'apns-priority': priorityOf(
      typeof message.apns_priority === 'number' ? message.apns_priority : undefined,
      background,
    ),
    'apns-expiration': String(Math.floor(expiresAt.getTime() / 1000)),
    ...(collapse_id !== undefined && { 'apns-collapse-id': collapse_id }),
  };
}

/** APNs has only the priorities 1, 5 and 10. A background push has at most 5. */
function priorityOf(asked: number | undefined, background: boolean): string {
  const wanted = asked ?? (background ? 5 : 10);
  if (wanted <= 1) return '1';
  return wanted <= 5 || background ? '5' : '10';
}

function ownMembers(message: ApplePush, facts: RenderFacts): Record<string, unknown> {
  const { custom_uri, use_webview } = message;
  return compact({
    aps: aps(message),
    ab: compact({
      c: facts.campaignId ?? facts.dispatchId,
      att: message.asset_url === undefined ? undefined : { url: message.asset_url, type: message.asset_file_type },
      buttons: buttons(message),
    }),
    ab_uri: custom_uri,
    ab_use_webview: custom_uri === undefined ? undefined : (use_webview ?? true),
  });
}

function aps(message: ApplePush): object {
  return compact<Record<string, unknown>>({
    alert: message.alert === undefined ? undefined : alertOf(message.alert),
    badge: message.badge,
    sound: soundOf(message),
    'content-available': message['content-available'] === true ? 1 : undefined,
    'mutable-content': message.mutable_content === true || message.asset_url !== undefined ? 1 : undefined,
    category: message.category,
    'thread-id': message.notification_group_thread_id,
    'interruption-level': message.interruption_level,
    'relevance-score': message.relevance_score,
  });
}

function soundOf({ sound, interruption_level }: ApplePush): unknown {
  return sound !== undefined && interruption_level === 'critical' ? { critical: 1, name: sound, volume: 1 } : sound;
}

function alertOf(alert: AppleAlert): object {
  return compact<Record<string, unknown>>({
    title: alert.title,
    body: alert.body,
    'title-loc-key': alert.title_loc_key,
    'title-loc-args': alert.title_loc_args,
    'action-loc-key': alert.action_loc_key,
    'loc-key': alert.loc_key,
    'loc-args': alert.loc_args,
  });
}

function buttons({ buttons: asked, category }: ApplePush): object | undefined {
  if (asked === undefined) return undefined;
  const entries = asked.map(({ action_id, action, uri, use_webview }): [string, object] => {
    const chosen = (action ?? defaultAction(category, action_id)).trim().toUpperCase();
    const target = renderedUri(`buttons.${action_id}.uri`, uri, 'app');
    const webview = target === undefined ? undefined : (readRendered('use_webview', use_webview, readFlag) ?? true);
    return [action_id, compact({ action: chosen, uri: target, use_webview: webview })];
  });
  return Object.fromEntries(entries);
}

/** What the provider counts. */
export function measureApplePush({ payload }: Pick<RenderedApplePush, 'payload'>): Measures {
  return { bytes: Buffer.byteLength(JSON.stringify(payload)), mostBytes: MAX_PAYLOAD_BYTES };
}
