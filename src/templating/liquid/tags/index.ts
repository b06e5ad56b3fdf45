import { TemplateSyntaxError } from '../errors.ts';
import type { Interrupt } from '../frame.ts';
import { Output } from '../output.ts';
import type { TagParser, Tags } from '../reading/parser.ts';
import { assign } from './assign.ts';
import { capture } from './capture.ts';
import { caseTag } from './case.ts';
import { decrement, increment } from './counters.ts';
import { cycle } from './cycle.ts';
import { forTag } from './for.ts';
import { ifTag, unless } from './if.ts';
import { tablerow } from './tablerow.ts';

const echo: TagParser = (tag, parser) => new Output(parser.expression(tag.markup));

/** `#`: every line of a comment begins with one. */
const remark: TagParser = ({ markup }) => {
  if (/\n[ \t-\r]*[^#\s]/.test(markup)) throw new TemplateSyntaxError('tag #: expected # at the start of every line');
  return { isSilent: true, render: () => undefined };
};

const interrupt =
  (kind: Interrupt): TagParser =>
  () => ({ isSilent: false, render: (frame) => void frame.interrupts.push(kind) });

/** The tags of Liquid. `comment`, `raw` and `liquid` are no tags but ways of reading. */
export const standardTags: Tags = new Map<string, TagParser>([
  ['assign', assign],
  ['capture', capture],
  ['case', caseTag],
  ['cycle', cycle],
  ['decrement', decrement],
  ['echo', echo],
  ['for', forTag],
  ['if', ifTag],
  ['increment', increment],
  ['tablerow', tablerow],
  ['unless', unless],
  ['break', interrupt('break')],
  ['continue', interrupt('continue')],
  ['#', remark],
]);
