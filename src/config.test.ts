import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { problemsOf } from '../test/support/config-problems.ts';
import { ConfigError, readConfig } from './config.ts';

const defaults = {
  host: '127.0.0.1',
  port: 8080,
  healthPort: null,
  smtpPort: null,
  smtpTlsCert: null,
  smtpTlsKey: null,
  databaseUrl: null,
  dataDir: resolve('data'),
  roles: ['api', 'worker'],
  workspaceFile: null,
  workspaceName: null,
  apiKey: null,
  adminPassword: null,
  secret: null,
  trustedProxyHops: 0,
  bodyLimitBytes: 4 * 1024 * 1024,
  listBytes: 1024 ** 3,
  logLevel: 'info',
  publicUrl: null,
  queueMaxTasks: 1_000_000,
  queueMaxAgeS: 900,
  broadcastQueueMaxTasks: 100_000,
  broadcastQueueMaxAgeS: 3_600,
  broadcastThreads: Math.min(availableParallelism(), 4),
  retentionDays: 90,
  oidcIssuer: null,
  oidcClientId: null,
  oidcClientSecret: null,
  oidcDomains: [],
  oidcRoleClaim: 'groups',
  oidcRoles: null,
  oidcLabel: 'Sign in with OpenID Connect',
  alertWebhook: null,
  alertWebhookSecret: null,
  alertMailTo: [],
  alertMailFrom: null,
  alertMailRelay: null,
  alertPauseS: 1_800,
  otelDisabled: false,
  otelEndpoint: null,
  otelTracesEndpoint: null,
  otelExporter: 'otlp',
  otelProtocol: 'http/json',
  otelHeaders: {},
  otelServiceName: null,
  otelResource: {},
  otelSampler: 'parentbased_always_on',
  otelSamplerArg: 1,
};

const openId = {
  CRESSET_OIDC_ISSUER: 'https://id.example.com/realms/crew',
  CRESSET_OIDC_CLIENT_ID: 'cresset',
  CRESSET_OIDC_CLIENT_SECRET: 'a-secret',
  CRESSET_OIDC_DOMAINS: 'Example.com, example.org',
  CRESSET_PUBLIC_URL: 'https://cresset.example.com',
};

test('an empty environment is a good one', () => {
  assert.deepEqual(readConfig({}), defaults);
});

test('what is set to nothing counts as unset, what is not ours is not looked at', () => {
  assert.deepEqual(readConfig({ PORT: '', CRESSET_SECRET: '', HOME: '/home/ada', CRESSETX: '1' }), defaults);
});

const good: [Record<string, string>, object][] = [
  [{ HOST: '::' }, { host: '::' }],
  [{ PORT: '0' }, { port: 0, healthPort: 0 }],
  [{ CRESSET_SMTP_PORT: '2525' }, { smtpPort: 2_525 }],
  [
    { CRESSET_SMTP_TLS_CERT: '/c.pem', CRESSET_SMTP_TLS_KEY: '/k.pem' },
    { smtpTlsCert: '/c.pem', smtpTlsKey: '/k.pem' },
  ],
  [{ PORT: '65535' }, { port: 65_535, healthPort: 65_535 }],
  [{ CRESSET_HEALTH_PORT: '8081' }, { healthPort: 8_081 }],
  [
    { PORT: '80', CRESSET_HEALTH_PORT: '8081' },
    { port: 80, healthPort: 8_081 },
  ],
  [{ DATABASE_URL: 'postgres://u:p@db/x' }, { databaseUrl: 'postgres://u:p@db/x' }],
  [{ DATABASE_URL: 'postgresql://db/x' }, { databaseUrl: 'postgresql://db/x' }],
  [{ CRESSET_DATA_DIR: '/var/lib/cresset' }, { dataDir: '/var/lib/cresset' }],
  [{ CRESSET_DATA_DIR: 'here' }, { dataDir: resolve('here') }],
  [{ CRESSET_ROLES: 'worker, api' }, { roles: ['api', 'worker'] }],
  [{ CRESSET_ROLES: 'worker' }, { roles: ['worker'] }],
  [{ CRESSET_WORKSPACE: 'w.yaml' }, { workspaceFile: resolve('w.yaml') }],
  [{ CRESSET_IN: 'Acme EU' }, { workspaceName: 'Acme EU' }],
  [{ CRESSET_API_KEY: 'abcdefghijklmnop' }, { apiKey: 'abcdefghijklmnop' }],
  [{ CRESSET_SECRET: 's'.repeat(32) }, { secret: 's'.repeat(32) }],
  [{ CRESSET_TRUSTED_PROXY_HOPS: '2' }, { trustedProxyHops: 2 }],
  [{ CRESSET_BODY_LIMIT: '1024' }, { bodyLimitBytes: 1024 }],
  [{ CRESSET_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  [{ CRESSET_PUBLIC_URL: 'https://send.acme.test/' }, { publicUrl: 'https://send.acme.test' }],
  [{ CRESSET_PUBLIC_URL: 'https://acme.test/send/' }, { publicUrl: 'https://acme.test/send' }],
  [
    { CRESSET_QUEUE_MAX_TASKS: '0', CRESSET_QUEUE_MAX_AGE: '60' },
    { queueMaxTasks: 0, queueMaxAgeS: 60 },
  ],
  [{ CRESSET_BROADCAST_QUEUE_MAX_TASKS: '1' }, { broadcastQueueMaxTasks: 1 }],
  [{ CRESSET_BROADCAST_THREADS: '16' }, { broadcastThreads: 16 }],
  [{ CRESSET_RETENTION_DAYS: '0' }, { retentionDays: 0 }],
  [{ CRESSET_BROADCAST_QUEUE_MAX_AGE: '2592000' }, { broadcastQueueMaxAgeS: 2_592_000 }],
];
for (const [env, expected] of good) {
  test(`${JSON.stringify(env)} is read`, () => assert.deepEqual(readConfig(env), { ...defaults, ...expected }));
}

test('sign-in by OpenID Connect is whole or not there', () => {
  const read = (changed: Record<string, string>) => readConfig({ ...openId, ...changed });
  const config = read({ CRESSET_OIDC_ROLES: 'cn=crew=sender, platform = admin' });
  assert.equal(config.oidcIssuer, openId.CRESSET_OIDC_ISSUER);
  assert.deepEqual(config.oidcDomains, ['example.com', 'example.org']);
  assert.deepEqual(config.oidcRoles, { 'cn=crew': 'sender', platform: 'admin' });
  for (const issuer of ['http://127.0.0.1:8081', 'http://localhost/x', 'http://[::1]:1'])
    assert.equal(read({ CRESSET_OIDC_ISSUER: issuer }).oidcIssuer, issuer);
  const start = 'CRESSET_OIDC_ISSUER: expected with ';
  const lacking: [Record<string, string>, RegExp][] = [
    [{ CRESSET_OIDC_ISSUER: '' }, RegExp(`${start}CRESSET_OIDC_CLIENT_ID and CRESSET_OIDC_CLIENT_SECRET`)],
    [{ CRESSET_OIDC_CLIENT_SECRET: '' }, RegExp(`${start}CRESSET_OIDC_CLIENT_ID and CRESSET_OIDC_CLIENT_SECRET`)],
    [{ CRESSET_PUBLIC_URL: '' }, RegExp(`${start}CRESSET_PUBLIC_URL`)],
    [{ CRESSET_OIDC_DOMAINS: '' }, RegExp(`${start}CRESSET_OIDC_DOMAINS or CRESSET_OIDC_ROLES`)],
    [{ CRESSET_OIDC_ISSUER: 'http://id.example.com' }, /CRESSET_OIDC_ISSUER: expected a URL that starts with https/],
    [{ CRESSET_OIDC_ISSUER: 'http://127.0.0.1.example.com' }, /CRESSET_OIDC_ISSUER: expected a URL/],
    [{ CRESSET_OIDC_ISSUER: 'https://id.example.com/?a=1' }, /CRESSET_OIDC_ISSUER: expected a URL/],
    [{ CRESSET_OIDC_DOMAINS: '@example.com' }, /CRESSET_OIDC_DOMAINS: expected a comma-separated list/],
    [{ CRESSET_OIDC_ROLES: 'crew=owner' }, /CRESSET_OIDC_ROLES: expected a comma-separated list/],
    [{ CRESSET_OIDC_ROLES: 'crew=admin,crew=viewer' }, /CRESSET_OIDC_ROLES: expected a comma-separated list/],
  ];
  for (const [changed, expected] of lacking) assert.throws(() => read(changed), expected, JSON.stringify(changed));
});

const bad: [string, string[], string][] = [
  ['HOST', ['a b', 'http://x', '\0'], 'an address or host name to listen on'],
  ['PORT', ['65536', '-1', '80.5', 'http', '1e3', ' 80', 'tcp://10.0.0.7:80'], 'an integer from 0 to 65535'],
  [
    'DATABASE_URL',
    ['mysql://db', 'db', '127.0.0.1:5432'],
    'a URL that starts with postgres://, postgresql:// or socket:',
  ],
  ['CRESSET_DATA_DIR', ['a\0b'], 'the path of a folder'],
  ['CRESSET_ROLES', ['api,wroker', ',', 'API'], 'a comma-separated list of api, worker'],
  ['CRESSET_WORKSPACE', ['a\0b'], 'the path of a workspace file'],
  [
    'CRESSET_API_KEY',
    ['short', 'with a space in it', `with'a-quote-in-it`, 'ü'.repeat(20), 'x'.repeat(257)],
    '16 to 256 visible ASCII characters without quotes',
  ],
  ['CRESSET_SECRET', ['s'.repeat(31)], 'at least 32 characters, for example from: openssl rand -hex 32'],
  ['CRESSET_TRUSTED_PROXY_HOPS', ['33', '-1', 'all'], 'an integer from 0 to 32'],
  ['CRESSET_BODY_LIMIT', ['1023', '104857601', '4MiB'], 'a number of bytes from 1024 to 104857600'],
  ['CRESSET_LOG_LEVEL', ['verbose', 'INFO'], 'one of trace, debug, info, warn, error, fatal, silent'],
  [
    'CRESSET_PUBLIC_URL',
    ['acme.test', 'ftp://acme.test', 'https://u:p@acme.test', 'https://acme.test/?a=1', 'https://acme.test/#'],
    'a URL that starts with http:// or https://, without user, query and fragment',
  ],
  ['CRESSET_QUEUE_MAX_TASKS', ['-1', '1000000001', 'many'], 'an integer from 0 to 1000000000'],
  ['CRESSET_QUEUE_MAX_AGE', ['2592001', '15m'], 'a number of seconds from 0 to 2592000'],
  ['CRESSET_BROADCAST_QUEUE_MAX_TASKS', ['-1'], 'an integer from 0 to 1000000000'],
  ['CRESSET_BROADCAST_THREADS', ['0', '17', 'all'], 'an integer from 1 to 16'],
  ['CRESSET_RETENTION_DAYS', ['-1', '36501', '90d'], 'an integer from 0 to 36500'],
  ['CRESSET_BROADCAST_QUEUE_MAX_AGE', ['1h'], 'a number of seconds from 0 to 2592000'],
];
for (const [name, values, expected] of bad) {
  test(`a bad ${name} is refused with what was expected`, () => {
    for (const value of values)
      assert.deepEqual(problemsOf({ [name]: value }), [`${name}: expected ${expected}`], value);
  });
}

const misspelt: [string, string][] = [
  ['CRESSET_API_KY', 'CRESSET_API_KEY'],
  ['CRESSET_DATADIR', 'CRESSET_DATA_DIR'],
  ['CRESSET_ROLE', 'CRESSET_ROLES'],
  ['CRESSET_WORKSAPCE', 'CRESSET_WORKSPACE'],
  ['CRESSET_SECRETE', 'CRESSET_SECRET'],
  ['CRESSET_LOGLEVEL', 'CRESSET_LOG_LEVEL'],
  ['CRESSET_BODY_LIMITS', 'CRESSET_BODY_LIMIT'],
  ['CRESSET_api_key', 'CRESSET_API_KEY'],
  ['CRESSET_PORT', 'PORT'], // Kubernetes sets it for a Service `cresset`: row 39 of the traps of the product
  ['CRESSET_MCPKEY', 'CRESSET_MCP_KEY'],
  ['CRESSET_PROT', 'PORT'],
  ['CRESSET_DATABASE_URL', 'DATABASE_URL'],
];
for (const [name, meant] of misspelt) {
  test(`${name} is unknown and the nearest name is suggested`, () => {
    assert.deepEqual(problemsOf({ [name]: 'x' }), [`${name}: there is no such variable; did you mean ${meant}?`]);
  });
}

// Row 44 of the traps of the product.
test('a variable that would name a file with a secret is refused, with a way that leaves out the last newline', () => {
  for (const name of ['CRESSET_SECRET', 'CRESSET_ADMIN_PASSWORD', 'DATABASE_URL'])
    assert.deepEqual(problemsOf({ [`${name}_FILE`]: '/run/secrets/x' }), [
      `${name}_FILE: there is no such variable; ${name} holds the value itself: ${name}="$(cat …)"`,
    ]);
});

test('an unknown name near to nothing is refused without a suggestion', () => {
  assert.deepEqual(problemsOf({ CRESSET_UMBRELLA: 'x' }), ['CRESSET_UMBRELLA: there is no such variable']);
});

test('a name that the workspace file refers to is no unknown variable', () => {
  assert.deepEqual(readConfig({ CRESSET_BACKEND_KEY: 'x' }, new Set(['CRESSET_BACKEND_KEY'])), defaults);
});

test('what a shell exports for one command stops no other', () => {
  for (const name of ['CRESSET_MCP_URL', 'CRESSET_MCP_KEY', 'CRESSET_SHADOW_KEY'])
    assert.deepEqual(readConfig({ [name]: 'x' }), defaults, name);
  assert.equal(readConfig({ CRESSET_IN: 'shop' }).workspaceName, 'shop');
});

test('the database of our own tests is not read by a server that they start', () => {
  assert.deepEqual(readConfig({ CRESSET_TEST_DATABASE: 'socket:/tmp' }), defaults);
});

test('all problems are reported at once, without the values', () => {
  const env = {
    PORT: 'hidden-port',
    CRESSET_ROLES: 'hidden-role',
    CRESSET_PROT: 'hidden',
    DATABASE_URL: 'hidden:pw@db',
  };
  assert.throws(() => readConfig(env), {
    name: 'ConfigError',
    message: [
      'The environment is not usable:',
      '  - CRESSET_PROT: there is no such variable; did you mean PORT?',
      '  - PORT: expected an integer from 0 to 65535',
      '  - DATABASE_URL: expected a URL that starts with postgres://, postgresql:// or socket:',
      '  - CRESSET_ROLES: expected a comma-separated list of api, worker',
    ].join('\n'),
  });
});

test('a password that is not percent-encoded is refused before a part of it becomes the host', () => {
  for (const password of ['p@w#1', 'hidden%', 'hid/den', 'hid#den', 'hid?den', '5432/hidden'])
    assert.throws(() => readConfig({ DATABASE_URL: `postgres://cresset:${password}@db.test/cresset` }), {
      message:
        'The environment is not usable:\n  - DATABASE_URL: percent-encode user and password: % is %25, @ is %40, : is %3A, / is %2F, # is %23, ? is %3F',
    });
  const databaseUrl = 'postgres://cresset:p%40w%231@db.test/cresset';
  assert.equal(readConfig({ DATABASE_URL: databaseUrl }).databaseUrl, databaseUrl);
});

test('the config is frozen', () => {
  const config = readConfig({});
  assert.ok(Object.isFrozen(config));
  assert.ok(Object.isFrozen(config.roles));
});

test('any environment gives a config or a ConfigError', () => {
  const names = fc.oneof(fc.constantFrom('PORT', 'DATABASE_URL', 'CRESSET_PUBLIC_URL', 'CRESSET_ROLES'), fc.string());
  fc.assert(
    fc.property(fc.dictionary(names, fc.string({ unit: 'binary' })), (env) => {
      try {
        return Object.isFrozen(readConfig(env));
      } catch (error) {
        return error instanceof ConfigError;
      }
    }),
  );
});
