import assert from 'node:assert/strict';
import test from 'node:test';
import { dispatchOf, messagesOf, now, recipient, workspace } from '../../../test/support/send-facts.ts';
import type { ChannelKey } from '../../channels/channel.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Campaign } from '../../workspace/catalog.ts';
import type { LoadedDispatch, PreparedMessage } from '../plan/loaded-dispatch.ts';
import { compose, type LinkMaker } from './compose.ts';
import type { Composed } from './composed.ts';

const links = { unsubscribe: 'https://c.test/u', subscribe: 'https://c.test/s', optIn: 'https://c.test/o' };

/** Makes links, and counts how often. */
function linkMaker(): { made: number; links: LinkMaker } {
  const maker = {
    made: 0,
    links: () => {
      maker.made += 1;
      return links;
    },
  };
  return maker;
}

function messageOf(dispatch: LoadedDispatch, channel: ChannelKey): PreparedMessage {
  const message = dispatch.messages.get(channel);
  assert.ok(message);
  return message;
}

function composed(dispatch: LoadedDispatch, channel: ChannelKey, maker: LinkMaker = () => links): Composed {
  const message = messageOf(dispatch, channel);
  const one = compose({ dispatch, message, recipient: recipient(), now, links: maker });
  assert.ok(!(one instanceof Promise), 'nothing waits');
  return one;
}

function rendered(dispatch: LoadedDispatch, channel: ChannelKey, maker?: LinkMaker): Record<string, unknown> {
  const one = composed(dispatch, channel, maker);
  assert.equal(one.kind, 'composed');
  return { ...(one.kind === 'composed' && one.rendered) };
}

test('steps 10 and 11: the refusal of a message that cannot be composed', () => {
  const webhook = (body: string) => ({ webhook: { ...messagesOf('webhook').webhook, body } });
  const email = (changes: object) => ({ email: { ...messagesOf('email').email, ...changes } });
  type Row = [messages: Parameters<typeof dispatchOf>[0], status: string, reason: string, detail: RegExp];
  const table: Row[] = [
    [webhook('{% abort_message("no trips") %}'), 'aborted', 'aborted', /^no trips$/],
    [webhook('{{ 1 | divided_by: 0 }}'), 'aborted', 'render_error', /divided by 0/],
    [email({ body: '{{${last_name}}}' }), 'aborted', 'aborted', /^body is blank after rendering$/],
    [email({ from: '{{${last_name}}}' }), 'aborted', 'aborted', /^from: not an email address/],
    [
      { sms: { ...messagesOf('sms').sms, body: `{{"${'x'.repeat(2_000)}"}}` } },
      'aborted',
      'payload_too_large',
      /^body/,
    ],
  ];
  for (const [messages, status, reason, detail] of table) {
    const [key] = Object.keys(messages) as ChannelKey[];
    assert.ok(key);
    const one = composed(dispatchOf(messages), key);
    assert.equal(one.kind, 'refuse', JSON.stringify(one));
    if (one.kind !== 'refuse') continue;
    assert.deepEqual([one.status, one.reason], [status, reason]);
    assert.match(one.detail ?? '', detail);
  }
});

test('a content card past its expiry has expired', () => {
  const dispatch = dispatchOf(messagesOf('content_card'));
  const message = messageOf(dispatch, 'content_card');
  const over = {
    ...message,
    renderTexts: () => {
      throw new RenderStop('expired', 'its time is over');
    },
  };
  assert.deepEqual(compose({ dispatch, message: over, recipient: recipient(), now, links: () => links }), {
    ...{ kind: 'refuse', status: 'expired', reason: 'expired' },
    detail: 'its time is over',
  });
});

test('a message may read the person, the dispatch, the campaign and its variation', () => {
  const variations = new Map([['v1', { id: 'v1', name: 'A', channel: 'webhook' as const }]]);
  const campaign: Campaign = {
    ...{ id: 'c1', name: 'Spring', kind: 'api', archived: false, tags: [], obeysCaps: true, countsTowardCaps: true },
    variations,
  };
  const body =
    '{{${first_name}}} {{campaign.${name}}} {{campaign.${message_name}}} {{campaign.${dispatch_id}}} {{"now" | date: "%Y-%m-%d"}}';
  const webhook = { ...messagesOf('webhook').webhook, message_variation_id: 'v1', body };
  const dispatch = dispatchOf(
    { webhook },
    { plan: { campaignId: 'c1' }, workspace: workspace({ campaigns: new Map([['c1', campaign]]) }) },
  );
  assert.equal(rendered(dispatch, 'webhook').body, 'Ada Spring A 00000000000070008000000000000001 2026-03-15');
});

test('links are made only if a template reads one or the email has a header that unsubscribes', () => {
  const listUnsubscribe = workspace();
  listUnsubscribe.settings.email.listUnsubscribe = true;
  const email = (body: string) => ({ email: { ...messagesOf('email').email, body } });
  const webhook = (body: string) => ({ webhook: { ...messagesOf('webhook').webhook, body } });
  const link = '{{${unsubscribe_url}}}';
  type Row = [
    what: string,
    dispatch: LoadedDispatch,
    made: number,
    body: string | undefined,
    header: string | null | undefined,
  ];
  const table: Row[] = [
    ['a plain email', dispatchOf(email('hi')), 0, 'hi', null],
    [
      'an email whose text only contains the name of a link',
      dispatchOf(email('unsubscribe_url')),
      0,
      'unsubscribe_url',
      null,
    ],
    ['an email with a link', dispatchOf(email(link)), 1, links.unsubscribe, null],
    ['an email with the header', dispatchOf(email('hi'), { workspace: listUnsubscribe }), 1, 'hi', links.unsubscribe],
    [
      'an email to everyone, which counts as transactional',
      dispatchOf(email('hi'), { workspace: listUnsubscribe, plan: { requiredState: 'all' } }),
      ...([0, 'hi', null] as const),
    ],
    [
      'an email to everyone with a link',
      dispatchOf(email(link), { workspace: listUnsubscribe, plan: { requiredState: 'all' } }),
      ...([1, links.unsubscribe, null] as const),
    ],
    ['another channel', dispatchOf(webhook(`[${link}]`), { workspace: listUnsubscribe }), 0, '[]', undefined],
  ];
  for (const [what, dispatch, made, body, header] of table) {
    const maker = linkMaker();
    const [key] = [...dispatch.messages.keys()];
    assert.ok(key);
    const message = rendered(dispatch, key, maker.links);
    assert.equal(message.html ?? message.body, body, what);
    assert.deepEqual([maker.made, message.unsubscribe_url], [made, header], what);
  }
});

test('a text that waits makes the message wait, and the result is the same', async () => {
  const dispatch = dispatchOf(messagesOf('webhook'));
  const message = messageOf(dispatch, 'webhook');
  const waiting = (texts: (context: RenderContext) => Promise<object>) =>
    compose({ dispatch, message: { ...message, renderTexts: texts }, recipient: recipient(), now, links: () => links });
  const good = waiting(async (context) => message.renderTexts(context));
  assert.ok(good instanceof Promise);
  assert.equal((await good).kind, 'composed');
  const stopped = waiting(() => Promise.reject(new RenderStop('content_unavailable', 'no answer')));
  assert.deepEqual(await stopped, {
    ...{ kind: 'refuse', status: 'aborted', reason: 'content_unavailable' },
    detail: 'no answer',
  });
  const unrenderable = waiting(async () => ({ url: '', request_method: 'POST' }));
  assert.equal((await unrenderable).kind, 'refuse', 'the channel may refuse what the texts have become');
});

test('an error of ours is thrown, not reported as a fault of the message', async () => {
  const dispatch = dispatchOf(messagesOf('webhook'));
  const message = messageOf(dispatch, 'webhook');
  const broken = (renderTexts: PreparedMessage['renderTexts']) =>
    compose({ dispatch, message: { ...message, renderTexts }, recipient: recipient(), now, links: () => links });
  assert.throws(
    () =>
      broken(() => {
        throw new TypeError('a bug');
      }),
    /a bug/,
  );
  await assert.rejects(async () => broken(() => Promise.reject(new TypeError('a bug'))), /a bug/);
});
