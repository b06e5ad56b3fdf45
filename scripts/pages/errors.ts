import { errorCodes } from '../../src/errors.ts';

/** docs/errors.md; a test keeps the file equal. `npm run pages` writes it. */
export function errorsPage(): string {
  const rows = Object.values(errorCodes)
    .toSorted((one, other) => one.status - other.status)
    .map(({ status, label, meaning }) => `| ${status} | \`${label}\` | ${meaning} |`);
  return `# Errors

Every answer, whatever its status, is a JSON object with \`message\`. \`errors\`, where there is one, is an array of texts; each starts with the path of the problem.
It holds at most 100 texts, of at most 1,000 characters each and 32 KB in all. If there were more, a last text says how many: \`and 4712 more\`. The remarks that
\`/messages/send\` gives beside \`success\` have the same limits. \`/users/track\` answers with objects instead of texts: one for each object that it refused, at most 225.
Nothing is sent on any 4xx or 5xx. A 5xx or 429 may be tried again, after \`Retry-After\` where it is given.

| status | message | when |
|---|---|---|
${rows.join('\n')}
`;
}
