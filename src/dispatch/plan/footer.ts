import type { ChannelSettings } from '../../channels/channel-settings.ts';
import type { Footer, RenderContext } from '../../templating/facts.ts';
import { RenderStop, renderingText } from '../../templating/render-stop.ts';
import { readsOf } from '../../templating/resolve.ts';
import { compileHtmlTemplate, type Template, TemplateSyntaxError } from '../../templating/template.ts';
import type { CompiledMessage } from './templates.ts';

/** Where the footer stands in the workspace file. */
export const FOOTER_PATH = 'email.footer';

/**
 * The message with the footer that the workspace has now, if its templates name it: decision 56. A footer that was
 * stored without being a template stops the messages that name it.
 */
export function withFooter(message: CompiledMessage, settings: ChannelSettings): CompiledMessage {
  const { footer } = message.channel;
  const source = message.reads.has('footer') ? (footer?.of(settings) ?? null) : null;
  if (footer === undefined || source === null) return message;
  const template = compiled(source);
  const reads = template instanceof RenderStop ? [] : template.references.flatMap(readsOf);
  return {
    ...message,
    reads: new Set([...message.reads, ...reads]),
    fetches: message.fetches || (!(template instanceof RenderStop) && template.fetches),
    renderTexts: (context) => message.renderTexts({ ...context, ...footersOf(template, context, footer.asText) }),
  };
}

function compiled(source: string): Template | RenderStop {
  try {
    return compileHtmlTemplate(source);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return new RenderStop('render_error', error.message, FOOTER_PATH);
  }
}

/** Both forms of the footer, each made once, however often a message names it. A footer in a footer is empty. */
function footersOf(
  template: Template | RenderStop,
  context: RenderContext,
  asText: (html: string) => string,
): Pick<RenderContext, 'footer' | 'plainFooter'> {
  const footer = once(() => {
    if (template instanceof RenderStop) throw template;
    return unlessBlank(renderingText(FOOTER_PATH, () => template.render(context)));
  });
  return { footer, plainFooter: once(() => unlessBlank(asText(footer() ?? ''))) };
}

function unlessBlank(text: string): string | null {
  return text.trim() === '' ? null : text;
}

function once(make: Footer): Footer {
  let made: string | null | undefined;
  return () => {
    if (made === undefined) made = make();
    return made;
  };
}
