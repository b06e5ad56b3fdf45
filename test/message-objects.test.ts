// What becomes of messages on their way from the request to the sandbox: objects that changed in 2026.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const CHATS = '66666666-6666-4666-8666-666666666666';
const IMAGE = 'https://acme.test/x.png';

async function givenAda(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${TEXTS}, name: Texts, channel: sms }
  - { id: ${CHATS}, name: Chats, channel: whatsapp }`);
  const groups = [TEXTS, CHATS].map((id) => ({ subscription_group_id: id, subscription_state: 'subscribed' }));
  const { status, body } = await app.post('/users/track', {
    attributes: [
      {
        ...{ external_id: 'ada', phone: '+14155550100', subscription_groups: groups, first_name: 'Ada "the first"' },
        ...{ kind: 'video', blank: ' ' },
      },
    ],
  });
  assert.deepEqual([status, body.errors], [201, undefined]);
  return app;
}

/** Sends to Ada. Returns the remarks of the answer, and each message as delivered or the reason why it was not. */
async function send(app: TestApp, messages: object): Promise<{ warnings: string[]; got: Record<string, unknown> }> {
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const [verdicts, sandbox] = [
    await app.get(`/dispatches/${body.dispatch_id}/recipients`),
    await app.get(`/sandbox/messages?dispatch_id=${body.dispatch_id}`),
  ];
  const reasons = verdicts.body.recipients.map((one: Row) => [one.channel, one.reason ?? one.status]);
  const delivered = sandbox.body.messages.map((one: Row) => [one.channel, one.message]);
  return {
    warnings: body.cresset?.warnings ?? [],
    got: { ...Object.fromEntries(reasons), ...Object.fromEntries(delivered) },
  };
}

type Row = Record<string, string>;

const text = { app_id: APP, subscription_group_id: TEXTS, body: 'b' };
const chat = (message_type: string, message: object) => ({
  whats_app: { app_id: APP, subscription_group_id: CHATS, message_type, message },
});
const template = (extra: object) =>
  chat('template_message', { template_name: 'order', template_language_code: 'en', ...extra });

test('a text may be empty beside media, also after rendering', async (t) => {
  const app = await givenAda(t);
  const bodies = ['', '{{custom_attribute.${nothing}}}'];
  for (const body of bodies) {
    const { got } = await send(app, { sms: { ...text, body, media_items: [IMAGE] } });
    assert.deepEqual(got.sms, { body: '', media_urls: [IMAGE], segments: { encoding: 'GSM-7', count: 0 } });
  }
  assert.equal((await send(app, { sms: { ...text, body: bodies[1] } })).got.sms, 'aborted');
});

test('click tracking without short links is a warning', async (t) => {
  const app = await givenAda(t);
  const { warnings, got } = await send(app, { sms: { ...text, user_click_tracking_enabled: 'true' } });
  assert.deepEqual(warnings, [
    'messages.sms.user_click_tracking_enabled: needs link_shortening_enabled beside it; it was ignored',
  ]);
  assert.deepEqual((got.sms as { body: string }).body, 'b');
});

test('the texts inside the JSON body of a webhook are rendered before it is serialised', async (t) => {
  const app = await givenAda(t);
  const bodyOf = async (body: unknown) => {
    const { got } = await send(app, { webhook: { url: 'https://acme.test/', request_method: 'POST', body } });
    return got.webhook as { body: string; headers: Row };
  };
  const name = '{{${first_name}}}';
  const nested = { name, list: [name, 1, null, { deep: `Hi ${name}` }], message_variation_id: name, '{{x}}': true };
  const { body, headers } = await bodyOf(nested);
  const ada = 'Ada "the first"';
  assert.deepEqual(JSON.parse(body), {
    ...{ name: ada, list: [ada, 1, null, { deep: `Hi ${ada}` }], message_variation_id: ada, '{{x}}': true },
  });
  assert.equal(headers['Content-Type'], 'application/json');
  assert.deepEqual(JSON.parse((await bodyOf([name])).body), [ada]);
  assert.equal((await bodyOf(5)).body, '5');
  assert.equal((await bodyOf({})).body, '{}');
  assert.equal((await bodyOf(`{"name":"{{\${user_id}}}"}`)).body, '{"name":"ada"}');
  const { status, body: refusal } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook: { url: 'https://acme.test/', request_method: 'POST', body: { a: [{ b: '{% if %}' }] } } },
  });
  assert.equal(status, 400);
  assert.match(refusal.errors[0], /^messages\.webhook\.body\.a\[0\]\.b: not a valid template/);
});

test('a template may have variables and an image for its header, and the image is sent', async (t) => {
  const app = await givenAda(t);
  const header = (name: string) => [
    { type: 'header', parameters: [{ type: 'image', image: { link: `${IMAGE}?${name}` } }] },
  ];
  for (const name of ['header_image_uri', 'header_media_uri']) {
    const { warnings, got } = await send(app, template({ header_variables: ['a'], [name]: `${IMAGE}?${name}` }));
    assert.deepEqual(warnings, [`messages.whats_app.message.header_variables: ${name} is used instead`]);
    assert.deepEqual((got.whats_app as { template: { components: object[] } }).template.components, header(name));
  }
});

test('an error about the header image has the name that the caller used', async (t) => {
  const app = await givenAda(t);
  for (const name of ['header_image_uri', 'header_media_uri']) {
    const whats_app = template({ [name]: '{{custom_attribute.${blank}}}' });
    const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: whats_app });
    await app.drain();
    const { body: verdicts } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
    assert.equal(verdicts.recipients[0].detail, `${name} is blank after rendering`);
    const refused = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: template({ [name]: 'ftp://acme.test/x' }),
    });
    assert.deepEqual(refused.body.errors, [`messages.whats_app.message.${name}: expected an http or https URL`]);
  }
});

test('a template fills its cards', async (t) => {
  const app = await givenAda(t);
  const image = { header_media_uri: IMAGE, header_media_type: 'image' };
  const { got } = await send(
    app,
    template({
      body_variables: ['{{${first_name}}}'],
      carousel_cards: [image, { ...image, body_variables: { 0: 'Trail' }, button_variables: { 0: '/promo/1' } }],
    }),
  );
  const picture = { type: 'header', parameters: [{ type: 'image', image: { link: IMAGE } }] };
  const words = (type: string, word: string) => ({ type, parameters: [{ type: 'text', text: word }] });
  assert.deepEqual((got.whats_app as { template: { components: object[] } }).template.components, [
    words('body', 'Ada "the first"'),
    {
      type: 'carousel',
      cards: [
        { card_index: 0, components: [picture] },
        {
          card_index: 1,
          components: [
            picture,
            words('body', 'Trail'),
            { ...words('button', '/promo/1'), sub_type: 'url', index: '0' },
          ],
        },
      ],
    },
  ]);
});

test('a carousel answers with cards that have buttons or links', async (t) => {
  const app = await givenAda(t);
  const media = { media_uri: IMAGE, media_type: '{{custom_attribute.${kind}}}' };
  const carousel = (carousel_button_type: string, ...cards: object[]) =>
    send(app, chat('carousel_response_message', { body: 'Picks', carousel_button_type, cards }));
  const header = { type: 'video', video: { link: IMAGE } };
  const whole = (cards: object[]) => ({
    type: 'interactive',
    interactive: { type: 'carousel', body: { text: 'Picks' }, action: { cards } },
  });

  const replies = await carousel(
    'quick_reply',
    { ...media, buttons: ['Yes', 'No'] },
    { ...media, buttons: ['A', 'B'] },
  );
  const button = (id: string, title: string) => ({ type: 'quick_reply', quick_reply: { id, title } });
  assert.deepEqual(
    replies.got.whats_app,
    whole([
      { card_index: 0, header, action: { buttons: [button('qr_0_0', 'Yes'), button('qr_0_1', 'No')] } },
      { card_index: 1, header, action: { buttons: [button('qr_1_0', 'A'), button('qr_1_1', 'B')] } },
    ]),
  );

  const visit = { display_text: 'Visit', url: 'https://acme.test/{{${user_id}}}' };
  const links = await carousel(
    'url',
    { ...media, body_text: 'For {{${first_name}}}', cta_url_button: visit },
    { ...media, media_type: 'video', body_text: '{{custom_attribute.${blank}}}', cta_url_button: visit },
  );
  const action = { name: 'cta_url', parameters: { display_text: 'Visit', url: 'https://acme.test/ada' } };
  assert.deepEqual(
    links.got.whats_app,
    whole([
      { card_index: 0, type: 'cta_url', header, body: { text: 'For Ada "the first"' }, action },
      { card_index: 1, type: 'cta_url', header, action },
    ]),
  );

  const mixed = await carousel(
    'url',
    { ...media, cta_url_button: visit },
    { ...media, media_type: 'image', cta_url_button: visit },
  );
  assert.equal(mixed.got.whats_app, 'aborted', "Ada's cards would be a video and an image");
});
