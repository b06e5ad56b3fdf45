import { isObject, type Path, valueAt } from '../../lib/document.ts';

/** What a message can be composed with. */
export interface Offer {
  apps: readonly { id: string; name: string; platform: string }[];
  groups: readonly { id: string; name: string; channel: string }[];
  segments: readonly { id: string; name: string }[];
  segments_left_out: number;
  default_from: string | null;
  /** Channels whose messages leave the server. */
  outside: readonly string[];
}

export interface Field {
  label: string;
  /** Where it is in the message. */
  path: Path;
  kind: 'line' | 'area' | 'number' | 'choice';
  choices?: readonly { value: string; name: string }[];
  /** What counts if it is empty. */
  placeholder?: string;
  /** Whether it stands beside the next one. */
  isHalf?: true;
}

export interface ChannelForm {
  /** The name on its button. */
  name: string;
  /** The message to begin with. */
  begin(offer: Offer): object;
  fields(offer: Offer, message: unknown): readonly Field[];
}

const words = (values: readonly string[]) => values.map((value) => ({ value, name: value }));
const appIn = ({ apps }: Offer): Field => ({
  ...{ label: 'Counted for app', path: ['app_id'], kind: 'choice', isHalf: true },
  choices: apps.map(({ id, name }) => ({ value: id, name })),
});
const groupIn = ({ groups }: Offer, channel: string): Field => ({
  ...{ label: 'To members of', path: ['subscription_group_id'], kind: 'choice', isHalf: true },
  choices: groups.filter((one) => one.channel === channel).map(({ id, name }) => ({ value: id, name })),
});
const firstApp = ({ apps }: Offer) => ({ app_id: apps[0]?.id ?? '' });
const firstGroup = ({ groups }: Offer, channel: string) => ({
  subscription_group_id: groups.find((one) => one.channel === channel)?.id ?? '',
});

const title: Field = { label: 'Title', path: ['title'], kind: 'line' };
const alert: Field = { label: 'Text', path: ['alert'], kind: 'area' };
const link: Field = { label: 'A tap opens', path: ['custom_uri'], kind: 'line', placeholder: 'the app' };
const push = (name: string, more: readonly Field[] = []): ChannelForm => ({
  name,
  begin: () => ({ title: '', alert: '' }),
  fields: () => [title, alert, link, ...more],
});

/** The channels, in the order of their buttons, and the members of each that most messages have. */
export const channelForms: Readonly<Record<string, ChannelForm>> = {
  email: {
    name: 'Email',
    begin: (offer) => ({ ...firstApp(offer), subject: '', body: '' }),
    fields: (offer) => [
      {
        label: 'From',
        path: ['from'],
        kind: 'line',
        placeholder: offer.default_from ?? 'Name <address>',
        isHalf: true,
      },
      appIn(offer),
      { label: 'Subject', path: ['subject'], kind: 'line' },
      { label: 'Preheader', path: ['preheader'], kind: 'line', placeholder: 'none', isHalf: true },
      { label: 'Replies go to', path: ['reply_to'], kind: 'line', placeholder: 'the sender', isHalf: true },
      { label: 'Body, HTML and Liquid', path: ['body'], kind: 'area' },
    ],
  },
  apple_push: {
    name: 'iOS',
    begin: () => ({ alert: { title: '', body: '' } }),
    fields: (_offer, message) => [
      ...(typeof valueAt(message, ['alert']) === 'string'
        ? [alert]
        : [
            { label: 'Title', path: ['alert', 'title'], kind: 'line' } as const,
            { label: 'Text', path: ['alert', 'body'], kind: 'area' } as const,
          ]),
      link,
    ],
  },
  android_push: push('Android'),
  web_push: push('Web', [{ label: 'Picture', path: ['image_url'], kind: 'line', placeholder: 'none' }]),
  kindle_push: push('Fire'),
  sms: {
    name: 'SMS',
    begin: (offer) => ({ ...firstGroup(offer, 'sms'), ...firstApp(offer), body: '' }),
    fields: (offer) => [groupIn(offer, 'sms'), appIn(offer), { label: 'Text', path: ['body'], kind: 'area' }],
  },
  whats_app: {
    name: 'WhatsApp',
    begin: (offer) => ({
      ...{ ...firstGroup(offer, 'whats_app'), ...firstApp(offer) },
      ...{ message_type: 'text_response_message', message: { body: '' } },
    }),
    fields: (offer, message) => [
      ...[groupIn(offer, 'whats_app'), appIn(offer)],
      ...(valueAt(message, ['message_type']) === 'text_response_message'
        ? [{ label: 'Text', path: ['message', 'body'], kind: 'area' } as const]
        : []),
    ],
  },
  webhook: {
    name: 'Webhook',
    begin: () => ({ url: '', request_method: 'POST', body: '' }),
    fields: (_offer, message) => [
      { label: 'URL', path: ['url'], kind: 'line', placeholder: 'https://' },
      { label: 'Method', path: ['request_method'], kind: 'choice', choices: words(['POST', 'PUT', 'GET', 'DELETE']) },
      ...(isText(valueAt(message, ['body'])) ? [{ label: 'Body', path: ['body'], kind: 'area' } as const] : []),
    ],
  },
  content_card: {
    name: 'Card',
    begin: () => ({ type: 'CLASSIC', title: '', description: '', time_to_live: 604_800 }),
    fields: () => [
      {
        label: 'Form',
        path: ['type'],
        kind: 'choice',
        choices: words(['CLASSIC', 'CAPTIONED_IMAGE', 'BANNER']),
        isHalf: true,
      },
      { label: 'Shown for, seconds', path: ['time_to_live'], kind: 'number', isHalf: true },
      title,
      { label: 'Text', path: ['description'], kind: 'area' },
      { label: 'Picture', path: ['image_url'], kind: 'line', placeholder: 'none' },
      { label: 'A click opens', path: ['web_uri'], kind: 'line', placeholder: 'nothing' },
    ],
  },
};

function isText(value: unknown): boolean {
  return value === undefined || (!isObject(value) && !Array.isArray(value));
}

/** How many members of a message are only in the JSON. */
export function othersIn(message: unknown, fields: readonly Field[]): string[] {
  if (!isObject(message)) return [];
  const shown = new Set(fields.map(({ path }) => path[0]));
  return Object.keys(message).filter(
    (member) => !shown.has(member) && member !== 'message_type' && member !== 'message',
  );
}
