import assert from 'node:assert/strict';
import test from 'node:test';
import { problemsOf } from '../../test/support/config-problems.ts';
import { readConfig } from '../config.ts';
import { tracesUrl } from './traces.ts';

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/';

test('traces go to the endpoint with /v1/traces, to that of traces as it is, and nowhere where they are off', () => {
  const urlOf = (env: Record<string, string>) => tracesUrl(readConfig(env));
  const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'http://other/x/';
  assert.equal(urlOf({}), null);
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT }), 'http://collector:4318/v1/traces');
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }), 'http://other/x/');
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }), null);
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }), null);
});

test('pairs have the form of W3C baggage', () => {
  const OTEL_EXPORTER_OTLP_HEADERS = 'api-key=a%2Cb=, tenant = acme ,';
  const { otelHeaders } = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS });
  assert.deepEqual(otelHeaders, { 'api-key': 'a,b=', tenant: 'acme' });
  const { otelResource } = readConfig({ OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=caf%C3%A9%20%E2%9C%93' });
  assert.deepEqual(otelResource, { 'service.namespace': 'café ✓' });
});

const bad: readonly (readonly [string, string])[] = [
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api key=x'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=%zz'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=a%0d%0aHost:x'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=%E2%9C%93'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['OTEL_SDK_DISABLED', 'maybe'],
];
for (const [name, value] of bad)
  test(`${name}=${value} is a problem where there is a collector, and none where nothing is traced`, () => {
    const [problem, ...others] = problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT, [name]: value });
    assert.match(problem ?? '', RegExp(`^${name}: expected `));
    assert.equal(others.length, 0);
    assert.deepEqual(problemsOf({ [name]: value }), []);
  });

test('an endpoint that is none is always a problem', () => {
  assert.deepEqual(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }), [
    'OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL that starts with http:// or https://',
  ]);
});

const CRESSET_ALERT_MAIL_TO = 'ops@acme.test, eve@acme.test';
const CRESSET_ALERT_MAIL_FROM = 'cresset@acme.test';
const CRESSET_ALERT_MAIL_RELAY = 'smtp://mail.acme.test';
const CRESSET_ALERT_WEBHOOK = 'https://hooks.acme.test/x';

test('alerts by mail need recipients, a sender and a relay', () => {
  const all = { CRESSET_ALERT_MAIL_TO, CRESSET_ALERT_MAIL_FROM, CRESSET_ALERT_MAIL_RELAY };
  assert.deepEqual(readConfig(all).alertMailTo, ['ops@acme.test', 'eve@acme.test']);
  const mixed = [
    'CRESSET_ALERT_MAIL_TO, CRESSET_ALERT_MAIL_FROM and CRESSET_ALERT_MAIL_RELAY: expected all of them or none',
  ];
  assert.deepEqual(problemsOf({ CRESSET_ALERT_MAIL_TO }), mixed);
  assert.deepEqual(problemsOf({ CRESSET_ALERT_MAIL_FROM, CRESSET_ALERT_MAIL_RELAY }), mixed);
});

test('a secret of alerts has the form of the Standard Webhooks, and signs something', () => {
  const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  for (const bytes of [24, 32, 64])
    assert.deepEqual(problemsOf({ CRESSET_ALERT_WEBHOOK, CRESSET_ALERT_WEBHOOK_SECRET: secretOf(bytes) }), []);
  for (const secret of [secretOf(23), secretOf(65), 'whsec_', 'hidden'])
    assert.equal(problemsOf({ CRESSET_ALERT_WEBHOOK, CRESSET_ALERT_WEBHOOK_SECRET: secret }).length, 1, secret);
  assert.deepEqual(problemsOf({ CRESSET_ALERT_WEBHOOK_SECRET: secretOf(32) }), [
    'CRESSET_ALERT_WEBHOOK_SECRET: expected with CRESSET_ALERT_WEBHOOK',
  ]);
});
