import { errorCodes } from '../../src/errors.ts';

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.values(errorCodes)
    .toSorted((one, other) => one.status - other.status)
    .map(({ status, label, meaning }) => `| ${status} | \`${label}\` | ${meaning} |`);
  return `# Errors

This page lists every error answer. It is generated from \`src/errors.ts\` by \`npm run pages\`.

Every answer, whatever its status, is a JSON object with \`message\`. If it has \`errors\`, that is an array of texts, each of which starts with the path of the
problem: at most 100 texts, of at most 1,000 characters each and 32 KB in all. If there were more, a last text says how many: \`and 4712 more\`. The warnings that
\`/messages/send\` gives beside \`success\` have the same limits. \`/users/track\` answers with objects instead of texts, one for each object that it refused, at most 225.
After a 4xx or 5xx, nothing is sent. A request may be repeated after a 5xx or 429, but not before the time in \`Retry-After\` if there is one.

| status | message | when |
|---|---|---|
${rows.join('\n')}
`;
}
