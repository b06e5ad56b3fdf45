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

/** Prints nothing. The pairs are not kept yet: nothing reads them. */
const messageExtras: TagParser = () => ({ isSilent: true, render: () => undefined });

const connectedContent: TagParser = () => {
  throw new TemplateSyntaxError('connected_content is not supported yet');
};

export const dialectTags: Tags = new Map<string, TagParser>([
  ...standardTags,
  ['abort_message', abortMessage],
  ['message_extras', messageExtras],
  ['connected_content', connectedContent],
]);
