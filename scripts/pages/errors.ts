import { errorCodes } from '../../src/errors.ts';

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.values(errorCodes)
    .toSorted((one, other) => one.status - other.status)
    .map(({ status, label, meaning }) => `| ${status} | \`${label}\` | ${meaning} |`);
  return `# Errors

This page lists every error answer. It is generated from \`src/errors.ts\` by \`npm run pages\`.

Every answer of the API, whatever its status, is a JSON object with \`message\`. If it has \`errors\`, that is an array of texts. A text about one member starts with its path (\`messages.email.body: is required …\`); others
say something about the whole request. There are at most 100 texts, of at most 1,000 characters each and 32 KB in all; a last text says how many more there were: \`and 4712 more\`. What
\`/messages/send\` says beside \`success\` has the same limits, also in \`cresset.warnings\`. In answers of \`/users/track\`, \`errors\` holds objects instead (at most 225), also beside \`201\`: see [users.md](api/users.md).
Pages for people and browsers (\`/s/…\`, \`/sdk/…\`) answer in HTML or JavaScript.
After a 4xx or 5xx, nothing is sent. A request may be repeated after a 5xx or 429, but not before the time in \`Retry-After\` if there is one.

| status | message | when |
|---|---|---|
${rows.join('\n')}

A body that is not JSON is answered with the line and the column, both from 1, at which it stops being JSON: \`body: expected a JSON object, got something that is not JSON at line 3, column 14\`.

\`Invalid API key\` is followed by the key's first four characters: \`Invalid API key: nope…\`. So compare statuses, not texts. \`POST\` requests that do something answer 201, also \`/audience/preview\`, \`/audience/explain\` and \`/users/…\`, but for \`/users/merge\` and what [item catalogs](api/item-catalogs.md) do in the background (202); \`GET\` requests answer 200.

## Headers of every answer

| header | meaning |
|---|---|
| \`X-Request-Id\` | the id of this request; the log has it with every error |
| \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\`, \`X-RateLimit-Reset\` | the requests allowed in this window, those that are left, and when the next one begins, as Unix seconds. Empty for a request that was not counted, such as one without a valid key |
| \`Retry-After\` | with 429, 503 and some 409: the seconds to wait. A 429 has them in \`X-RateLimit-Retry-After\`, too |
| \`Idempotency-Replayed: true\` | \`/messages/send\`, \`POST /dispatches\`, \`/campaigns/trigger/send\` and \`/canvas/trigger/send\` with an \`Idempotency-Key\`, and transactional sends with an \`external_send_id\`: the answer is the stored one of the first request |
| \`Allow\` | with 405: the methods of this path |

Windows begin on the full hour, minute or second of UTC, and count for the whole workspace. Beside them, the host may have set [quotas](workspaces.md#quotas) for all its requests and sends.

| requests | limit |
|---|---|
| \`/messages/send\` to a segment or audience | 250 a minute, and 10 a minute for each segment, audience and campaign |
| \`/users/track\` | 3,000 in 3 seconds |
| \`/users/alias/new\`, \`/users/alias/update\`, \`/users/identify\`, \`/users/merge\` and \`/users/delete\` together | 20,000 a minute |
| \`/users/external_ids/rename\`, \`/users/external_ids/remove\` | 1,000 a minute each |
| \`/users/export/ids\` | 250 a minute; with \`fields_to_export\`, 40 a second |
| \`/subscription/status/set\` and \`/v2/subscription/status/set\` together | 5,000 a minute |
| \`/audience/preview\` and \`/audience/explain\` together | 250 a minute |
| catalogs: \`/catalogs\` and \`/catalogs/{name}\`; one item, or a page of items; fields and selections | 50 a minute each |
| \`POST\`, \`PATCH\`, \`PUT\` and \`DELETE\` of \`/catalogs/{name}/items\` together | 16,000 a minute |
| subscriptions of browsers | 60 a minute for each address |
| everything else together | 250,000 an hour |

\`rate_limits\` in the [workspace file](workspace-file.md) changes them.

<!-- answers 400 -->
\`\`\`sh
curl -i -X POST "$URL/messages/send" -H "Authorization: Bearer $KEY" -d '{ "messages": { "webhook": { "url": "https://example.com", "request_method": "GET" } } }'
\`\`\`

\`\`\`http
HTTP/1.1 400 Bad Request
x-ratelimit-limit: 250000
x-ratelimit-remaining: …
x-ratelimit-reset: …
x-request-id: …
content-type: application/json; charset=utf-8
…

{"message":"No Recipients","errors":["external_user_ids, user_aliases, segment_id, audience: expected at least one, got none"]}
\`\`\`
`;
}
