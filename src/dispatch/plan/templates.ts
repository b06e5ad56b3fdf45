import type { Channel, ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { everyRead, type Read, readsOf } from '../../templating/resolve.ts';
import { type CatalogUseAt, compileTree } from '../../templating/tree.ts';
import type { SendPlan } from './send-plan.ts';

/** The message of one channel of a plan. Its templates are parsed once for all recipients. */
export interface CompiledMessage {
  key: ChannelKey;
  channel: Channel;
  /** The message as stored. Its texts are still templates. */
  message: object;
  /** The facts that its templates read. */
  reads: ReadonlySet<Read>;
  /** What its templates read of item catalogs. Empty for nearly all messages. */
  catalogs: readonly CatalogUseAt[];
  /**
   * Renders all texts of the message for one person. Returns a promise only if a text waits for something. Throws, or
   * rejects with, RenderStop.
   */
  renderTexts(context: RenderContext): object | Promise<object>;
}

/** Parses every template of a plan's messages. Files each syntax error under its path, stage `template`, and warns of slips. */
export function compileMessages(messages: SendPlan['messages'], problems: Problems): CompiledMessage[] {
  return Object.entries(messages).map(([name, message]) => {
    const key = name as ChannelKey;
    const channel = channels[key];
    const path = `messages.${key}`;
    const warn = (text: string) => problems.warn(text);
    const { neverTemplates: never, htmlTemplates: html } = channel;
    const tree = compileTree(message, { path, never, html, problems, warn });
    const { catalogs, references } = tree;
    const reads = new Set(catalogs.some(({ rendersTexts }) => rendersTexts) ? everyRead : references.flatMap(readsOf));
    return { key, channel, message, reads, catalogs, renderTexts: (context) => tree.render(context) as object };
  });
}
