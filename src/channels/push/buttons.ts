import { readFlag } from '../../lib/raw/lenient.ts';
import { compact, type Fields, readRendered, type Templated } from '../fields.ts';
import { requiredText } from './fields.ts';
import { type Opens, readUri } from './uris.ts';

/** A button of an Android or web push. */
export interface PushButton {
  text: string;
  action?: Templated<ButtonAction> | undefined;
  uri?: string | undefined;
  use_webview?: Templated<boolean> | undefined;
}

export type ButtonAction = 'OPEN_APP' | 'URI' | 'DEEP_LINK' | 'CLOSE';

/** Reads buttons whose action is one of `actions`. `URI` and `DEEP_LINK` need a `uri`. */
export function readButtons(fields: Fields, actions: readonly ButtonAction[], opens: Opens): PushButton[] | undefined {
  return fields.objects('buttons')?.map((button) => {
    const action = button.oneOf('action', actions, { ignoreCase: true });
    const uri = readUri(button, 'uri', opens);
    if ((action === 'URI' || action === 'DEEP_LINK') && uri === undefined) {
      button.problems.add('cross', button.at('uri'), `is required with action ${action}`);
    }
    return compact({ text: requiredText(button, 'text'), action, uri, use_webview: button.flag('use_webview') });
  });
}

export interface RenderedButton {
  text: string;
  action: string;
  uri: string | undefined;
  useWebview: boolean;
}

/** Reads a button after its texts are rendered. */
export function readRenderedButton({ text, action, uri, use_webview }: PushButton): RenderedButton {
  return {
    text,
    action: (action ?? 'OPEN_APP').trim().toUpperCase(),
    uri,
    useWebview: readRendered('use_webview', use_webview, readFlag) ?? true,
  };
}
