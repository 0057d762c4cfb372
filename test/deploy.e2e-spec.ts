import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { parseAllDocuments } from 'yaml';
import { inspectEnvironment, validateEnvironment } from '../src/config/validate-environment.js';
import { closeAll } from './harness/eventually.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const read = (path: string) => readFileSync(path, 'utf8');
const DEFAULTS = validateEnvironment({});

/** Seconds beyond the drain in which a server takes leave of clients and of Redis. */
const FAREWELL_SECONDS = 5;

function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

/** What all matches of the pattern have in their only group. */
const found = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), ([, group]) => group!);

describe('Every variable in a document or a file to copy', () => {
  const files = [...filesOf('docs'), ...filesOf('deploy'), 'compose.yaml', 'Dockerfile'].concat(
    readdirSync('.').filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md'),
  );

  it.each(files)('is one of the server, or of Laravel: %s', (file) => {
    const names = read(file).matchAll(/(?<!\w)REVERB_\w*[A-Z0-9](?!\w)/g);
    const environment = Object.fromEntries(Array.from(names, ([name]) => [name, '']));
    expect(inspectEnvironment(environment).warnings).toEqual([]);
  });
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom: readonly Readonly<Record<string, { readonly name: string }>>[];
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: string[] } } };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: unknown };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: unknown;
    readonly ports: readonly { readonly targetPort: string }[];
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly template: {
      readonly metadata: { readonly labels: unknown };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
      };
    };
  };
}

describe('deploy/kubernetes', () => {
  const documents = filesOf('deploy/kubernetes').flatMap((file) => parseAllDocuments(read(file)));
  const manifests = documents.map((document) => document.toJS() as Manifest);
  const named = (kind: string, name = 'revurb') =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name)!;
  const deployment = named('Deployment').spec.template;
  const [container] = deployment.spec.containers;
  const variables = { ...named('ConfigMap').data, ...named('Secret').stringData };

  it('is YAML', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('has variables that the server takes', () => {
    const { faults, warnings } = inspectEnvironment({ ...variables, NODE_ENV: 'production' });
    expect([...faults, ...warnings]).toEqual([]);
  });

  it('gives them to the container', () => {
    const sources = container.envFrom.flatMap((source) => Object.values(source));
    expect(sources).toEqual([{ name: 'revurb' }, { name: 'revurb' }]);
  });

  it('asks for the health that the server tells', async () => {
    const server = await startServer();
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
      await request(server.httpUrl).get(container[name].httpGet.path).expect(200);
    }
  });

  it('gives a pod longer to stop than preStop and the drain take', () => {
    const [, preStopSeconds] = container.lifecycle.preStop.exec.command;
    const { REVERB_SHUTDOWN_DRAIN: drainSeconds } = validateEnvironment(variables);
    expect(deployment.spec.terminationGracePeriodSeconds).toBeGreaterThan(
      Number(preStopSeconds) + drainSeconds + FAREWELL_SECONDS,
    );
  });

  it('has ports of the server behind its names', () => {
    const ports = Object.fromEntries(
      container.ports.map(({ name, containerPort }) => [name, containerPort]),
    );
    const { REVERB_SERVER_PORT: http, REVERB_METRICS_PORT: metrics } =
      validateEnvironment(variables);
    expect(ports).toEqual({ http, metrics });
    expect(named('Service').spec.ports).toMatchObject([{ targetPort: 'http' }]);
    expect(container.readinessProbe.httpGet.port).toBe('http');
  });

  it('selects the pods that it makes, and scales them', () => {
    const { labels } = deployment.metadata;
    expect(named('Service').spec.selector).toEqual(labels);
    expect(named('Deployment').spec.selector).toEqual({ matchLabels: labels });
    expect(named('PodDisruptionBudget').spec.selector).toEqual({ matchLabels: labels });
    const { kind, name } = named('HorizontalPodAutoscaler').spec.scaleTargetRef;
    expect(named(kind, name)).toBe(named('Deployment'));
  });

  it('has the Redis that it names', () => {
    const service = named('Service', new URL(variables.REDIS_URL!).hostname);
    const redis = named('Deployment', service.metadata.name).spec.template;
    expect(service.spec.selector).toEqual(redis.metadata.labels);
  });
});

describe('deploy/systemd', () => {
  const unit = read('deploy/systemd/revurb.service');

  it('starts what the build makes, and names a document that is there', () => {
    const paths = found(unit, /\/opt\/revurb\/(\S+)/g);
    expect(paths).toEqual(['docs/deployment.md', 'dist/cli/main.js']);
    for (const path of paths) expect(existsSync(path)).toBe(true);
  });

  it('gives the server longer to stop than the drain takes', () => {
    const [seconds] = found(unit, /^TimeoutStopSec=(\d+)$/gm);
    expect(Number(seconds)).toBeGreaterThan(DEFAULTS.REVERB_SHUTDOWN_DRAIN + FAREWELL_SECONDS);
  });
});

describe('A proxy of deploy/', () => {
  it.each([
    ['nginx.conf', /proxy_read_timeout (\d+)s;/g],
    ['nginx-tls.conf', /proxy_read_timeout (\d+)s;/g],
    ['haproxy.cfg', /timeout tunnel (\d+)s/g],
    ['kubernetes/revurb.yaml', /proxy-read-timeout: '(\d+)'/g],
  ])('leaves quiet connections alone until they are pinged: %s', (file, pattern) => {
    const [seconds] = found(read(join('deploy', file)), pattern);
    expect(Number(seconds)).toBeGreaterThan(DEFAULTS.REVERB_APP_PING_INTERVAL);
  });

  it.each([
    ['nginx.conf', /location ~ (\S+) \{/g],
    ['nginx-tls.conf', /location ~ (\S+) \{/g],
    ['haproxy.cfg', /acl is_publish path_reg (\S+)/g],
  ])('knows a publish from all else: %s', (file, pattern) => {
    const [publish] = found(read(join('deploy', file)), pattern);
    const paths = ['/apps/1/events', '/prefix/apps/1/batch_events', '/apps/1/channels', '/app/key'];
    expect(paths.map((path) => new RegExp(publish!).test(path))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['haproxy.cfg', /http-check send meth GET uri (\S+)/g],
    ['Caddyfile', /health_uri (\S+)/g],
  ])('asks for the health that the server tells: %s', async (file, pattern) => {
    const [path] = found(read(join('deploy', file)), pattern);
    const server = await startServer();
    await request(server.httpUrl).get(path!).expect(200);
  });
});
