// The files of deploy/ say what the server understands: a setting that is renamed, or a probe that is gone, fails here.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { readConfig, variables } from '../src/config.ts';
import { configOf, readDockerfile } from './support/deploy/dockerfile.ts';
import { objectsIn, readChart, render } from './support/deploy/helm.ts';

const known = new Set(Object.values(variables).map(({ name }) => name));
/** Of the base images and Node.js, not ours. */
const ofOthers = new Set(['NODE_ENV']);
const secret = 'a secret of the tests, long enough';

/** Names of variables that the server does not know. */
function strange(names: readonly string[]): string[] {
  return names.filter((name) => !known.has(name) && !ofOthers.has(name));
}

const dockerfiles = globSync('deploy/*Dockerfile').sort();

for (const path of dockerfiles) {
  const stages = readDockerfile(readFileSync(path, 'utf8'));
  const all = stages.flatMap(({ instructions }) => instructions);
  const runs = all.filter(({ name }) => name === 'RUN').map(({ text }) => text);

  test(`${path} obeys the rules of hadolint that concern it`, () => {
    const named = stages.map(({ alias }) => alias);
    for (const { from } of stages) {
      const isStage = named.includes(from);
      assert.ok(isStage || /:(?!latest$)[\w.-]+$/.test(from.split(' ').at(-1) ?? ''), `DL3006, DL3007: ${from}`);
    }
    for (const { name, text, line, flags } of all) {
      assert.notEqual(name, 'ADD', `DL3020, line ${line}`);
      assert.notEqual(name, 'MAINTAINER', `DL4000, line ${line}`);
      if (name === 'WORKDIR') assert.ok(text.startsWith('/'), `DL3000, line ${line}`);
      if (name === 'COPY' && flags.from !== undefined) assert.ok(named.includes(flags.from), `DL3022, line ${line}`);
      if (name === 'COPY' && text.split(' ').length > 2) assert.ok(text.endsWith('/'), `DL3021, line ${line}`);
    }
    for (const text of runs) {
      assert.doesNotMatch(text, /\bsudo\b|^cd /, 'DL3004, DL3003');
      assert.doesNotMatch(text, /[^|]\|[^|]/, 'DL4006: a pipe needs pipefail');
      if (!text.includes('apt-get install')) continue;
      assert.match(
        text,
        /apt-get update && .*--no-install-recommends .*rm -rf \/var\/lib\/apt\/lists/,
        'DL3009, DL3015',
      );
      assert.match(text, /install -y/, 'DL3014');
    }
    const last = stages.at(-1)?.instructions ?? [];
    for (const once of ['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'USER'])
      assert.equal(last.filter(({ name }) => name === once).length, 1, `DL4003, DL4004, DL3012: ${once}`);
    for (const { name, exec } of last)
      if (name === 'CMD' || name === 'ENTRYPOINT') assert.ok(exec, `DL3025: ${name} in JSON, so that signals arrive`);
  });

  test(`${path} runs the server as an account by number, with settings that it knows`, () => {
    const { env, user, command, healthcheck, workdir } = configOf(stages);
    assert.match(user, /^[1-9]\d*:[1-9]\d*$/, 'Kubernetes cannot tell whether a name is root');
    assert.deepEqual(strange(Object.keys(env)), []);
    const { host, port, roles } = readConfig(env);
    assert.deepEqual([host, port, roles], ['0.0.0.0', 8080, ['api', 'worker']]);
    assert.deepEqual(command.slice(-3), ['node', '/app/bin/cresset.mjs', 'serve']);
    assert.deepEqual([workdir, healthcheck], ['/app', ['node', '/app/healthcheck.mjs']]);
    const labels = all.find(({ name }) => name === 'LABEL')?.text ?? '';
    for (const label of ['title', 'description', 'licenses', 'version', 'revision'])
      assert.match(labels, new RegExp(`org\\.opencontainers\\.image\\.${label}=`));
    const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.ok(all.some(({ name, text }) => name === 'ARG' && text === `VERSION=${version}`));
    assert.ok(labels.includes(`licenses="${license}"`));
  });
}

test('there are two Dockerfiles, and one leaves PostgreSQL out', () => {
  const omits = dockerfiles.map((path) => [path, readFileSync(path, 'utf8').includes('--omit=optional')]);
  assert.deepEqual(omits, [
    ['deploy/Dockerfile', true],
    ['deploy/embedded.Dockerfile', false],
  ]);
  for (const kept of ['.git', '**/node_modules', '**/.env', 'data'])
    assert.ok(readFileSync('.dockerignore', 'utf8').split('\n').includes(kept), kept);
});

interface Service {
  environment: Record<string, string>;
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
  command?: string[];
}

const example = Object.fromEntries(
  [...readFileSync('deploy/.env.example', 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value || secret.replaceAll(' ', '-').replace(',', ''),
  ]),
);

/** As Compose fills in variables of .env, and refuses those that are not there. */
function interpolated(text: string): string {
  return text.replace(/\$\{(\w+):\?[^}]*\}/g, (_, name: string) => {
    const value = example[name];
    assert.ok(value, `${name} is missing in .env.example`);
    return value;
  });
}

// Row 42 of the traps of the product.
test('compose.yaml starts servers that the server understands, on a database whose data is in a volume', () => {
  const file = parse(interpolated(readFileSync('deploy/compose.yaml', 'utf8')), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };
  const { database, ...servers } = file.services;
  assert.deepEqual(Object.keys(servers), ['api', 'worker']);
  for (const [name, { environment, depends_on, read_only }] of Object.entries(servers)) {
    assert.deepEqual(strange(Object.keys(environment)), [], name);
    const config = readConfig(environment);
    assert.deepEqual(config.roles, [name]);
    const url = new URL(config.databaseUrl ?? '');
    assert.deepEqual([url.hostname, url.username, url.pathname], ['database', 'cresset', '/cresset']);
    assert.equal(url.password, database?.environment.POSTGRES_PASSWORD);
    assert.deepEqual(depends_on, { database: { condition: 'service_healthy' } });
    assert.equal(read_only, true);
  }
  assert.deepEqual(database?.volumes, ['database:/var/lib/postgresql'], 'where version 18 keeps its data');
  assert.ok('database' in file.volumes);
  assert.ok(database?.healthcheck?.test.includes('127.0.0.1'));
  const connections = Number(/max_connections=(\d+)/.exec(database?.command?.join(' ') ?? '')?.[1]);
  assert.ok(connections >= 2 * 43 + 4 * 22 + 10, 'two servers, four threads of broadcasts, and who looks');
});

interface Values {
  secrets: { existingSecret: string };
  servers: Record<'api' | 'worker', { autoscaling: { enabled: boolean } }>;
  workspace: string;
  publicUrl: string;
  settings: Record<string, unknown>;
}

const values = () => parse(readFileSync('deploy/helm/cresset/values.yaml', 'utf8')) as Values;
const chart = readChart(
  Object.fromEntries(
    globSync('deploy/helm/cresset/templates/*').map((path) => [basename(path), readFileSync(path, 'utf8')]),
  ),
);

type Labels = Record<string, string>;

interface Probe {
  httpGet: { path: string };
}

interface Container extends Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', Probe> {
  env: { name: string; value: string }[];
  securityContext: object;
  volumeMounts: { mountPath: string }[];
  lifecycle: { preStop: { sleep: { seconds: number } } };
}

interface PodSpec {
  enableServiceLinks: boolean;
  securityContext: { runAsNonRoot: boolean; runAsUser: number };
  terminationGracePeriodSeconds: number;
  containers: [Container];
}

interface Deployment {
  replicas?: number;
  strategy: { type: string };
  selector: { matchLabels: Labels };
  template: { metadata: { labels: Labels }; spec: PodSpec };
}

interface KubernetesObject<Spec = unknown> {
  kind: string;
  metadata: { name: string };
  spec: Spec;
  data?: Record<string, string>;
}

/** The `spec` of an object, which must be there. What it holds is asserted by whoever asks. */
function specOf<Spec>(all: ReadonlyMap<string, KubernetesObject>, name: string): Spec {
  const found = all.get(name);
  assert.ok(found, name);
  return found.spec as Spec;
}

/** Every object of the chart, by its kind and name. `change`: changes the values. */
function installed(change: (given: Values) => void = () => undefined): Map<string, KubernetesObject> {
  const given = values();
  given.secrets.existingSecret = 'cresset-secrets';
  change(given);
  const meta = parse(readFileSync('deploy/helm/cresset/Chart.yaml', 'utf8'));
  const root = {
    Values: given,
    Release: { Name: 'cresset', Namespace: 'mail', Service: 'Helm' },
    Chart: { Name: meta.name, AppVersion: meta.appVersion },
  };
  assert.match(render(chart, 'NOTES.txt', root), /port-forward service\/cresset-api/);
  const objects = Object.keys(chart.templates)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => objectsIn(render(chart, name, root)) as KubernetesObject[]);
  return new Map(objects.map((one) => [`${one.kind} ${one.metadata.name}`, one]));
}

// Row 45 of the traps of the product.
test('Compose reads no `$` of a value as a variable: files have none, and those who fill them in are told', () => {
  const compose = readFileSync('deploy/compose.yaml', 'utf8');
  assert.deepEqual(compose.replace(/\$\{\w+:\?set it in \.env\}/g, '').match(/\$.*/g), null);
  const [advice = ''] = readFileSync('deploy/.env.example', 'utf8').split(/^\w+=/m);
  assert.match(advice, /`\$` as the beginning of a variable: write such a value\s+# in single quotes/);
});

// Row 43 of the traps of the product.
test('the health check asks by address, so it finds a server that does not listen on ::1', async (t) => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const env = { HOST: '0.0.0.0', PORT: String((server.address() as AddressInfo).port) };
  const check = (more = {}) =>
    promisify(execFile)(process.execPath, ['deploy/healthcheck.mjs'], { env: { ...env, ...more } });
  assert.equal((await check()).stdout, `http://127.0.0.1:${env.PORT}/livez: 200\n`);
  assert.deepEqual(paths, ['/livez']);
  await assert.rejects(check({ PORT: '1' }), { code: 1 });
});

// Row 40 of the traps of the product.
test('the chart makes a deployment, a budget and, for the API, a service of each kind of server', () => {
  assert.deepEqual([...installed().keys()].sort(), [
    'Deployment cresset-api',
    'Deployment cresset-worker',
    'PodDisruptionBudget cresset-api',
    'PodDisruptionBudget cresset-worker',
    'Service cresset-api',
  ]);
  const scaled = installed((given) => (given.servers.api.autoscaling.enabled = true));
  const scaler = specOf<{ scaleTargetRef: { name: string } }>(scaled, 'HorizontalPodAutoscaler cresset-api');
  assert.equal(scaler.scaleTargetRef.name, 'cresset-api');
  assert.equal(specOf<Deployment>(scaled, 'Deployment cresset-api').replicas, undefined, 'the scaler decides');
  assert.throws(
    () => installed((given) => (given.secrets.existingSecret = '')),
    /secrets\.existingSecret: name a Secret/,
  );
});

// Rows 39 and 41 of the traps of the product.
test('the pods of the chart are confined, are asked for life and readiness apart, and get known settings only', () => {
  const workspace = 'webhook: { deliver: true }\n';
  const all = installed((given) => {
    given.workspace = workspace;
    given.publicUrl = 'https://cresset.example.com';
    given.settings = { CRESSET_LOG_LEVEL: 'debug', CRESSET_RETENTION_DAYS: 30 };
  });
  assert.equal(all.get('ConfigMap cresset-workspace')?.data?.['workspace.yaml'], workspace);
  for (const name of ['api', 'worker']) {
    const { template, selector, strategy } = specOf<Deployment>(all, `Deployment cresset-${name}`);
    const { spec } = template;
    assert.equal(spec.enableServiceLinks, false, 'or a Service `cresset` would set CRESSET_PORT');
    assert.equal(strategy.type, 'RollingUpdate');
    assert.deepEqual([spec.securityContext.runAsNonRoot, spec.securityContext.runAsUser], [true, 1000]);
    const [container] = spec.containers;
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const probes = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
    assert.deepEqual(probes, ['/livez', '/livez', '/readyz']);
    const env = Object.fromEntries(container.env.map((one) => [one.name, one.value]));
    assert.deepEqual(strange(Object.keys(env)), []);
    assert.ok(container.env.every(({ value }) => typeof value === 'string'));
    const { roles, logLevel, retentionDays, workspaceFile, port } = readConfig(env);
    assert.deepEqual([roles, logLevel, retentionDays, port], [[name], 'debug', 30, 8080]);
    const mounts = container.volumeMounts.map(({ mountPath }) => mountPath);
    assert.deepEqual(mounts, ['/tmp', '/etc/cresset']);
    assert.equal(workspaceFile, '/etc/cresset/workspace.yaml');
    assert.deepEqual(
      { ...template.metadata.labels, ...selector.matchLabels },
      template.metadata.labels,
      'a deployment finds its own pods',
    );
    const stopping = container.lifecycle.preStop.sleep.seconds;
    assert.ok(spec.terminationGracePeriodSeconds > stopping + 60);
  }
  const service = specOf<{ selector: Labels; ports: { targetPort: string }[] }>(all, 'Service cresset-api');
  const { labels } = specOf<Deployment>(all, 'Deployment cresset-api').template.metadata;
  assert.deepEqual({ ...labels, ...service.selector }, labels);
  assert.equal(service.ports[0]?.targetPort, 'http');
});

test('the secrets that values.yaml names are variables, and a renamed one would be missed', () => {
  const text = readFileSync('deploy/helm/cresset/values.yaml', 'utf8');
  const names = [...text.matchAll(/^ {2}# {3}([A-Z_]+) /gm)].map(([, name = '']) => name);
  assert.ok(names.length >= 4);
  assert.deepEqual(strange(names), []);
  assert.deepEqual(strange(['CRESSET_SECRETS']), ['CRESSET_SECRETS']);
});

// Row 13 of the traps of the product.
test('the systemd unit lets the server stop its database itself, and systemd understands it', (t) => {
  const unit = readFileSync('deploy/cresset.service', 'utf8');
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
  assert.equal(of('KillMode'), 'mixed');
  assert.ok(Number(of('TimeoutStopSec')) >= 60);
  assert.deepEqual([of('User'), of('ProtectSystem'), of('NoNewPrivileges')], ['cresset', 'strict', 'yes']);
  const env = Object.fromEntries((of('Environment') ?? '').split(' ').map((pair) => pair.split('=', 2)));
  assert.deepEqual(strange(Object.keys(env)), []);
  assert.equal(readConfig(env).dataDir, `/var/lib/${of('StateDirectory')}`);
  const named = [...unit.matchAll(/^#.*?\b(CRESSET_\w+|DATABASE_URL)=/gm)].map(([, name = '']) => name);
  assert.deepEqual(strange(named), []);
  if (!existsSync('/usr/bin/systemd-analyze')) return t.diagnostic('systemd-analyze is not here');
  const verified = execFileSync(
    'systemd-analyze',
    ['security', '--offline=yes', '--threshold=20', 'deploy/cresset.service'],
    {
      encoding: 'utf8',
    },
  );
  t.diagnostic(verified.trim().split('\n').at(-1) ?? '');
});
