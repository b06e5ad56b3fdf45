import { type CatalogUse, catalogItems, catalogSelectionItems, printedTag } from './catalog-tags.ts';
import { connectedContent } from './content/tag.ts';
import { messageExtras } from './extras.ts';
import { TemplateSyntaxError } from './liquid/errors.ts';
import type { TagParser, Tags } from './liquid/reading/parser.ts';
import { standardTags } from './liquid/tags/index.ts';

/** Ends the message of this person; the text is the author's own. */
export class AbortMessage extends Error {}

/** `abort_message`, `abort_message()`, `abort_message('text')`. Source: personalization.md §7. */
const abortMessage: TagParser = ({ markup }) => {
  const match = /^(?:\(\s*(?:'([^']*)'\s*|"([^"]*)"\s*)?\))?\s*$/.exec(markup);
  if (match === null) throw new TemplateSyntaxError('abort_message takes one text in quotes');
  const text = match[1] ?? match[2] ?? '{% abort_message %} called';
  return {
    isSilent: false,
    render: () => {
      throw new AbortMessage(text);
    },
  };
};

export const dialectTags: Tags = new Map<string, TagParser>([
  ...standardTags,
  ['abort_message', abortMessage],
  ['message_extras', messageExtras(() => undefined)],
  ['connected_content', connectedContent(() => undefined)],
  ['catalog_items', catalogItems([])],
  ['catalog_selection_items', catalogSelectionItems([])],
]);

/** What the tags of a template read beyond the person. */
export interface TagUses {
  catalogs: CatalogUse[];
  /** It makes calls. */
  fetches: boolean;
  /** It attaches pairs to the send. */
  hasExtras: boolean;
}

const readingTags = /catalog_|connected_content|message_extras/;

/** The tags of a message's text. `uses` gets what they read. */
export function messageTags(source: string, uses: TagUses): Tags {
  if (!readingTags.test(source)) return dialectTags;
  const onFetch = () => {
    uses.fetches = true;
  };
  const onExtras = () => {
    uses.hasExtras = true;
  };
  return new Map([
    ...dialectTags,
    ['catalog_items', catalogItems(uses.catalogs)],
    ['catalog_selection_items', catalogSelectionItems(uses.catalogs)],
    ['connected_content', connectedContent(onFetch)],
    ['message_extras', messageExtras(onExtras)],
  ]);
}

/** The tags of a text of an item: those that would read more are printed. */
export const itemTextTags: Tags = new Map([
  ...dialectTags,
  ['connected_content', printedTag],
  ['catalog_items', printedTag],
  ['catalog_selection_items', printedTag],
]);

/** The tags of a value of a selection's filter. */
export const filterValueTags: Tags = new Map([...standardTags, ['message_extras', messageExtras(() => undefined)]]);
