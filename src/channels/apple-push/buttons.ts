import { own } from '../../lib/raw/json.ts';
import { compact, type Fields, type Templated } from '../fields.ts';
import { readUri } from '../push/uris.ts';

export interface AppleButton {
  action_id: string;
  action?: Templated<Action> | undefined;
  uri?: string | undefined;
  use_webview?: Templated<boolean> | undefined;
}

export const actions = ['OPEN_APP', 'URI', 'DEEP_LINK', 'CLOSE'] as const;
type Action = (typeof actions)[number];

const opens: readonly Action[] = ['OPEN_APP', 'URI', 'DEEP_LINK'];
const closes: readonly Action[] = ['CLOSE'];

/** The categories that every app has: action ids, and the actions each allows. The first action is the default. */
export const categories: Readonly<Record<string, Readonly<Record<string, readonly Action[]>>>> = {
  ab_cat_accept_decline: { ab_pb_accept: opens, ab_pb_decline: closes },
  ab_cat_yes_no: { ab_pb_yes: opens, ab_pb_no: closes },
  ab_cat_confirm_cancel: { ab_pb_confirm: opens, ab_pb_cancel: closes },
  ab_cat_more: { ab_pb_more: opens },
};

const ours = Object.keys(categories).join(', ');

/** Source: messaging-objects.md §3.1, table of categories. */
export function readAppleButtons(fields: Fields, category: string | undefined): AppleButton[] | undefined {
  const buttons = fields.objects('buttons');
  if (buttons === undefined) return undefined;
  if (category === undefined && buttons.length > 0)
    fields.problems.add('cross', fields.at('category'), `is required with buttons: one of ${ours}, or one of the app`);
  return buttons.map((button) => {
    const action_id = button.text('action_id');
    const ids = category === undefined ? undefined : own(categories, category);
    if (action_id === undefined)
      button.require('action_id', `is required${ids ? `: one of ${Object.keys(ids).join(', ')}` : ''}`);
    const action = button.oneOf('action', actions, { ignoreCase: true });
    const uri = readUri(button, 'uri', 'app');
    if (category !== undefined && action_id !== undefined) checkAction(button, { category, action_id, action, uri });
    return compact({ action_id: action_id ?? '', action, uri, use_webview: button.flag('use_webview') });
  });
}

interface Chosen {
  category: string;
  action_id: string;
  action: Templated<Action> | undefined;
  uri: string | undefined;
}

function checkAction(button: Fields, { category, action_id, action, uri }: Chosen): void {
  const refuse = (key: string, reason: string) => button.problems.add('cross', button.at(key), reason);
  const ids = own(categories, category);
  if (ids === undefined) {
    if (action === undefined || action === 'OPEN_APP' || action === 'CLOSE')
      refuse('action', 'expected URI or DEEP_LINK in a category of the app');
    if (uri === undefined) refuse('uri', 'is required in a category of the app');
    return;
  }
  const allowed = own(ids, action_id);
  if (allowed === undefined) refuse('action_id', `expected one of ${Object.keys(ids).join(', ')}`);
  else if (isAction(action) && !allowed.includes(action)) refuse('action', `expected one of ${allowed.join(', ')}`);
  if ((action === 'URI' || action === 'DEEP_LINK') && uri === undefined)
    refuse('uri', `is required with action ${action}`);
}

function isAction(action: string | undefined): action is Action {
  return actions.some((known) => known === action);
}

/** The default action of a button. */
export function defaultAction(category: string | undefined, actionId: string): string {
  const ids = category === undefined ? undefined : own(categories, category);
  return (ids && own(ids, actionId)?.[0]) ?? 'OPEN_APP';
}
