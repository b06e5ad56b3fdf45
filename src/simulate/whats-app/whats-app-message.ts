import { isObject, type RawObject } from '../../lib/raw/json.ts';

/** A message that passed the checks. */
export interface WhatsAppSent {
  wamid: string;
  /** In E.164. */
  to: string;
  type: string;
  /** What stands under the type. */
  content: Readonly<RawObject>;
  /** What came as `biz_opaque_callback_data`. null: nothing. */
  reference: string | null;
}

/** What Meta refuses. */
export interface Wrong {
  code: string;
  details: string;
}

const LONGEST_REFERENCE = 512;
const webUrl = /^https?:\/\/[^\s/]/i;

/** Checks a body as Meta does. Returns the parts of the message, or the first thing that is wrong. */
export function readMessage(body: unknown): Omit<WhatsAppSent, 'wamid'> | Wrong {
  if (!isObject(body)) return { code: '100', details: 'The body is not a JSON object.' };
  const { messaging_product, recipient_type = 'individual', to, type, biz_opaque_callback_data: reference } = body;
  if (messaging_product !== 'whatsapp') return missing('messaging_product');
  if (recipient_type !== 'individual') return invalid('recipient_type');
  if (typeof to !== 'string' || to === '') return missing('to');
  const digits = /^\+?([1-9]\d{6,14})$/.exec(to)?.[1];
  if (digits === undefined) return invalid('to');
  if (reference !== undefined && (typeof reference !== 'string' || reference.length > LONGEST_REFERENCE))
    return invalid('biz_opaque_callback_data');
  const check = typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (typeof type !== 'string' || check === undefined) return { code: '131051', details: `type: ${String(type)}` };
  const content = body[type];
  if (!isObject(content)) return missing(type);
  const wrong = check(content);
  if (wrong !== null) return wrong;
  return { to: `+${digits}`, type, content, reference: reference ?? null };
}

type Check = (content: RawObject) => Wrong | null;

const kinds: Readonly<Record<string, Check>> = {
  text: ({ body }) => text('text.body', body, 4_096),
  image: ({ link, caption }) => url('image.link', link) ?? optional('image.caption', caption, 1_024),
  template: checkTemplate,
  interactive: checkInteractive,
};

function checkTemplate({ name, language, components = [] }: RawObject): Wrong | null {
  if (typeof name !== 'string' || !/^[a-z0-9_]{1,512}$/.test(name)) return invalid('template.name');
  if (!isObject(language) || typeof language.code !== 'string' || language.code === '')
    return missing('template.language.code');
  return first(listOf(components), checkComponent) ?? null;
}

function checkComponent(component: RawObject): Wrong | null {
  const { type, parameters = [], cards = [], sub_type, index } = component;
  if (!['header', 'body', 'button', 'carousel'].includes(String(type))) return invalid('components.type');
  if (type === 'button' && (sub_type !== 'url' || !/^\d$/.test(String(index)))) return missing('components.index');
  if (type === 'carousel' && !isBetween(listOf(cards).length, 2, 10)) return invalid('components.cards');
  return (
    first(listOf(parameters), checkParameter) ??
    first(listOf(cards), ({ components }) => first(listOf(components), checkComponent))
  );
}

function checkParameter(parameter: RawObject): Wrong | null {
  const { type, text: value } = parameter;
  if (type !== 'text') return media(parameter);
  if (typeof value !== 'string' || value === '')
    return { code: '131008', details: 'Parameter of type text is missing text value' };
  if (!/[\n\t]| {5}/.test(value)) return null;
  const details = 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces';
  return { code: '100', details };
}

function checkInteractive({ type, header, body, footer, action }: RawObject): Wrong | null {
  if (!isObject(action)) return missing('interactive.action');
  const frame =
    (isObject(header) ? checkHeader(header) : null) ??
    text('interactive.body.text', isObject(body) ? body.text : undefined, type === 'list' ? 4_096 : 1_024) ??
    (isObject(footer) ? text('interactive.footer.text', footer.text, 60) : null);
  if (frame !== null) return frame;
  const check = typeof type === 'string' && Object.hasOwn(actions, type) ? actions[type] : undefined;
  return check === undefined ? invalid('interactive.type') : check(action);
}

function checkHeader(header: RawObject): Wrong | null {
  return header.type === 'text' ? text('interactive.header.text', header.text, 60) : media(header);
}

const actions: Readonly<Record<string, Check>> = {
  button: ({ buttons }) => checkButtons(listOf(buttons), 'reply', 3),
  list: checkList,
  flow: ({ name, parameters }) => {
    if (name !== 'flow' || !isObject(parameters)) return invalid('interactive.action.name');
    return text('flow_id', parameters.flow_id, 64) ?? text('flow_cta', parameters.flow_cta, 20);
  },
  carousel: ({ cards }) =>
    isBetween(listOf(cards).length, 2, 10) ? first(listOf(cards), checkCard) : invalid('cards'),
};

function checkButtons(buttons: readonly RawObject[], member: string, most: number): Wrong | null {
  if (!isBetween(buttons.length, 1, most)) return invalid('interactive.action.buttons');
  const replies = buttons.map((button) => button[member]).filter(isObject);
  if (replies.length < buttons.length) return missing(`buttons.${member}`);
  if (new Set(replies.map(({ title }) => title)).size < replies.length)
    return { code: '131009', details: 'Duplicated title for one of the buttons is not allowed' };
  return first(replies, ({ id, title }) => text('button.id', id, 256) ?? text('button.title', title, 20));
}

function checkList({ button, sections }: RawObject): Wrong | null {
  const all = listOf(sections);
  const rows = all.flatMap((section) => listOf(section.rows));
  if (!isBetween(all.length, 1, 10) || !isBetween(rows.length, 1, 10)) return invalid('interactive.action.sections');
  if (new Set(rows.map(({ id }) => id)).size < rows.length) return invalid('rows.id');
  return (
    text('interactive.action.button', button, 20) ??
    first(all, ({ title }) => optional('section.title', title, 24)) ??
    first(
      rows,
      ({ id, title, description }) =>
        text('row.id', id, 200) ?? text('row.title', title, 24) ?? optional('row.description', description, 72),
    )
  );
}

function checkCard({ header, body, action }: RawObject): Wrong | null {
  if (!isObject(header) || !isObject(action)) return missing('card.header');
  const { buttons, parameters } = action;
  const shown = isObject(parameters) ? parameters : {};
  return (
    media(header) ??
    (isObject(body) ? text('card.body.text', body.text, 160) : null) ??
    (action.name === 'cta_url'
      ? (text('display_text', shown.display_text, 20) ?? url('url', shown.url))
      : checkButtons(listOf(buttons), 'quick_reply', 2))
  );
}

function media(holder: RawObject): Wrong | null {
  const { type } = holder;
  if (type !== 'image' && type !== 'video') return invalid('type');
  const content = holder[type];
  return url(`${type}.link`, isObject(content) ? content.link : undefined);
}

function url(path: string, value: unknown): Wrong | null {
  if (value === undefined) return missing(path);
  return typeof value === 'string' && webUrl.test(value) ? null : invalid(path);
}

function text(path: string, value: unknown, most: number): Wrong | null {
  if (typeof value !== 'string' || value === '') return missing(path);
  return [...value].length <= most ? null : { code: '131009', details: `${path}: at most ${most} characters` };
}

function optional(path: string, value: unknown, most: number): Wrong | null {
  return value === undefined ? null : text(path, value, most);
}

function missing(path: string): Wrong {
  return { code: '131008', details: `${path} is required` };
}

function invalid(path: string): Wrong {
  return { code: '131009', details: `${path} is not valid` };
}

function listOf(value: unknown): readonly RawObject[] {
  return Array.isArray(value) ? value.map((item) => (isObject(item) ? item : {})) : [];
}

function first(items: readonly RawObject[], check: Check): Wrong | null {
  for (const item of items) {
    const wrong = check(item);
    if (wrong !== null) return wrong;
  }
  return null;
}

function isBetween(count: number, least: number, most: number): boolean {
  return count >= least && count <= most;
}
