import { objectOf } from '../answers/provider-reply.ts';
import { present } from '../push/fields.ts';

const priorities: Readonly<Record<string, string>> = {
  '-2': 'PRIORITY_MIN',
  '-1': 'PRIORITY_LOW',
  '0': 'PRIORITY_DEFAULT',
  '1': 'PRIORITY_HIGH',
  '2': 'PRIORITY_MAX',
};

/**
 * FCM's AndroidNotification with the texts of the data, for an app that does not draw notifications itself. undefined:
 * the message is silent. Source: messaging-objects.md §2.1, notification style.
 */
export function notificationOf(data: Readonly<Record<string, string>>): Record<string, string | boolean> | undefined {
  if (data.t === undefined && data.a === undefined) return undefined;
  return present<string | boolean>({
    title: data.t,
    body: data.a,
    channel_id: data.ab_nc,
    notification_priority: data.p === undefined ? undefined : priorities[data.p],
    ...soundOf(data.sd),
    tag: data.n,
    color: data.ac === undefined ? undefined : colorOf(Number(data.ac)),
    image: imageOf(data.extra),
  });
}

function soundOf(sound: string | undefined): { default_sound?: true; sound?: string | undefined } {
  if (sound === 'd') return { default_sound: true };
  return { sound: sound?.split('/').at(-1) };
}

/** The colour's last 24 bits, as #rrggbb. */
function colorOf(color: number): string {
  return `#${(((color % 0x1000000) + 0x1000000) % 0x1000000).toString(16).padStart(6, '0')}`;
}

function imageOf(extra: string | undefined): string | undefined {
  if (extra === undefined || !extra.includes('appboy_image_url')) return undefined;
  const url = objectOf(JSON.parse(extra)).appboy_image_url;
  return typeof url === 'string' && url !== '' ? url : undefined;
}
