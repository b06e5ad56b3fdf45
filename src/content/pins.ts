import type { StoredTemplate } from '../channels/stored-template.ts';
import type { BlockSource } from '../templating/linked-blocks.ts';

/** A stored text, which never changes. */
export interface Pin {
  id: string;
  /** Size of its JSON. */
  bytes: number;
}

/** Which message of a request: its channel or, for a further variation, the channel, a slash and the variation's id. */
export type MessagePlace = string;

/** The stored texts that the messages of a request were accepted with. Plain JSON: it is part of the stored plan. */
export interface ContentPins {
  templates: readonly (Pin & { message: MessagePlace })[];
  /** A list, because a block may have any name, such as `__proto__`. */
  blocks: readonly (Pin & { name: string })[];
}

/** The same texts themselves. */
export interface PinnedContent {
  /** The stored template of a message. */
  templates: ReadonlyMap<MessagePlace, StoredTemplate>;
  /** By name: those that the messages include, and those within them. */
  blocks: ReadonlyMap<string, BlockSource>;
}

/** The content of messages that name none. */
export const noContent: PinnedContent = { templates: new Map(), blocks: new Map() };

export function textsIn({ templates, blocks }: ContentPins): Pin[] {
  return [...templates, ...blocks];
}

/** `texts`: by id. Throws if one is missing. */
export function contentOf({ templates, blocks }: ContentPins, texts: ReadonlyMap<string, unknown>): PinnedContent {
  const textOf = ({ id }: Pin): unknown => {
    if (!texts.has(id)) throw new Error(`the stored text ${id} does not exist, although a dispatch refers to it`);
    return texts.get(id);
  };
  return {
    templates: new Map(templates.map((pin) => [pin.message, textOf(pin) as StoredTemplate])),
    blocks: new Map(blocks.map((pin) => [pin.name, { text: textOf(pin) as string, isDraft: false }])),
  };
}
