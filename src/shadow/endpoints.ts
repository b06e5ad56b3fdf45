/** What is done here with a request, besides passing it on. */
export type Treatment = 'apply' | 'dry_run' | 'compare';

/** Sends. Each of them takes `cresset.dry_run`. */
const sends = [
  '/messages/send',
  '/messages/schedule/create',
  '/campaigns/trigger/send',
  '/campaigns/trigger/schedule/create',
  '/canvas/trigger/send',
  '/canvas/trigger/schedule/create',
];

/** Writes to people: without them, Cresset would not know whom a later request means. */
const writes = [
  ...['/users/track', '/users/track/bulk', '/users/track/sync', '/users/delete', '/users/identify', '/users/merge'],
  ...['/users/alias/new', '/users/alias/update', '/users/external_ids/rename', '/users/external_ids/remove'],
  ...['/subscription/status/set', '/v2/subscription/status/set', '/email/status', '/email/bounce/remove'],
  ...['/email/spam/remove', '/email/blocklist', '/email/blacklist', '/sms/invalid_phone_numbers/remove'],
];

/** Reads that are asked with POST. */
const reads = ['/users/export/ids'];

const treatments = new Map<string, Treatment>([
  ...sends.map((path): [string, Treatment] => [path, 'dry_run']),
  ...writes.map((path): [string, Treatment] => [path, 'apply']),
  ...reads.map((path): [string, Treatment] => [path, 'compare']),
]);

/**
 * null: the request is not repeated here. Whatever is not in a list above would be a real send, or would write definitions,
 * whose ids differ from the original's.
 */
export function treatmentOf(method: string, path: string): Treatment | null {
  if (method === 'GET') return 'compare';
  return method === 'POST' ? (treatments.get(path) ?? null) : null;
}

/** Finds the endpoint of a request by its method and path, such as `GET /catalogs/{catalog_name}/items`. null: unknown. */
export type FindEndpoint = (method: string, path: string) => string | null;

/** `paths`: the member of an OpenAPI document. */
export function endpointsOf(paths: Readonly<Record<string, object>>): FindEndpoint {
  const known = Object.entries(paths).map(([template, methods]) => ({
    template,
    segments: template.split('/'),
    methods: Object.keys(methods).map((method) => method.toUpperCase()),
  }));
  // A path without parameters comes first: /catalogs/list is not a catalog with the name "list".
  known.sort((a, b) => parameters(a.segments) - parameters(b.segments));
  return (method, path) => {
    const segments = path.split('/');
    const found = known.find((one) => one.methods.includes(method) && fits(one.segments, segments));
    return found === undefined ? null : `${method} ${found.template}`;
  };
}

const isParameter = (segment: string) => segment.startsWith('{');
const parameters = (segments: readonly string[]) => segments.filter(isParameter).length;

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((one, index) => (isParameter(one) ? segments[index] !== '' : one === segments[index]))
  );
}
