import { Body } from '../body.ts';
import { TemplateSyntaxError } from '../errors.ts';
import type { TagParser } from '../reading/parser.ts';
import { targetEnd } from './assign.ts';

/** What the block prints is the value of a variable instead. */
export const capture: TagParser = (tag, parser) => {
  const name = firstName(tag.markup);
  const body = new Body();
  parser.parseBlock('capture', body);
  return {
    isSilent: true,
    render: (frame) =>
      frame.assign(
        name,
        frame.capture(() => body.render(frame)),
      ),
  };
};

function firstName(markup: string): string {
  for (let at = 0; at < markup.length; at += 1) {
    const end = targetEnd(markup, at);
    if (end > at) return markup.slice(at, end);
  }
  throw new TemplateSyntaxError('tag capture: expected a name');
}
