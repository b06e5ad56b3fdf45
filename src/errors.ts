/**
 * Every error that a request can be answered with. This is the only place where a status is chosen.
 * `label` is the `message` of the answer, which clients of the original know. Codes are never renamed or reused.
 * Source: send.md §12. A test keeps docs/errors.md equal.
 */
export const errorCodes = {
  bad_request: {
    status: 400,
    label: 'Bad Request',
    meaning:
      'The request has wrong syntax, types, forbidden keys or unknown ids; `errors` names each path. What only the database knows, such as stored content, is told once the rest is right.',
  },
  malformed_body: {
    status: 400,
    label: 'Bad Request',
    meaning:
      'The body is not JSON in UTF-8; `errors` says where. `error` says so as well, because the original says it there.',
  },
  no_recipients: { status: 400, label: 'No Recipients', meaning: 'The request names and describes nobody.' },
  no_message: {
    status: 400,
    label: 'No message to send',
    meaning: '`messages` holds no supported channel; `errors` lists the channels.',
  },
  too_many_names: {
    status: 400,
    label: 'The max number of external_ids and aliases per request was exceeded',
    meaning: 'The request names more than 50 external ids and aliases.',
  },
  too_many_ids: {
    status: 400,
    label: 'The max number of ids per request was exceeded',
    meaning: 'The request names more than 50 ids.',
  },
  max_input_length: {
    status: 400,
    label: 'Max Input Length Exceeded',
    meaning: 'The request holds too many objects: of /users/track more than 75 in one array.',
  },
  no_valid_data: {
    status: 400,
    label: "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
    meaning: '/users/track: there is no array, or no good object in it; `errors` says why of each.',
  },
  invalid_campaign: {
    status: 400,
    label: 'Invalid Campaign ID',
    meaning: '`campaign_id` names no API campaign, or for a trigger no API-triggered one.',
  },
  unknown_campaign: {
    status: 400,
    label: 'Campaign does not exist',
    meaning: 'The campaign in the path of a transactional send is unknown.',
  },
  not_transactional: {
    status: 400,
    label: 'The campaign is not a transactional campaign. Only transactional campaigns may use this endpoint',
    meaning: 'The campaign in the path of a transactional send is of another kind.',
  },
  campaign_archived: {
    status: 400,
    label: 'The campaign is archived. Unarchive the campaign in order for trigger requests to take effect.',
    meaning: 'The campaign of a trigger is archived.',
  },
  campaign_paused: {
    status: 400,
    label: 'The campaign is paused. Resume the campaign in order for trigger requests to take effect.',
    meaning: 'The campaign of a trigger is paused.',
  },
  unknown_campaign_id: {
    status: 400,
    label: 'campaign_id must be a string of the campaign api identifier',
    meaning: '`campaign_id` is missing or no text, or, of a read, names no campaign.',
  },
  unknown_send_id: {
    status: 400,
    label: 'send_id must be a string of the send api identifier',
    meaning: '`send_id` is missing, or was not created for this API campaign.',
  },
  invalid_length: {
    status: 400,
    label: 'length must be an integer between 1 and 100',
    meaning: '`length` of a data series is missing or out of range.',
  },
  unknown_segment_id: {
    status: 400,
    label: 'segment_id must be a string of the segment api identifier',
    meaning: '`segment_id` of a read is missing or names no segment.',
  },
  invalid_cursor: {
    status: 400,
    label: "'cursor' is not valid",
    meaning: 'The `cursor` of a list is not one that the header `Link` gave.',
  },
  unknown_canvas_id: {
    status: 400,
    label: 'canvas_id must be a string of the Canvas api identifier',
    meaning: '`canvas_id` is missing or names no Canvas; for a trigger it may also name an API-triggered campaign.',
  },
  unknown_card_id: {
    status: 400,
    label: 'card_id must be a string of the card api identifier',
    meaning: '`card_id` names no card of the News Feed, which there is not.',
  },
  variant_unspecified: {
    status: 400,
    label: 'Message Variant Unspecified',
    meaning: 'With `campaign_id`, every channel needs its `message_variation_id`.',
  },
  invalid_variant: {
    status: 400,
    label: 'Invalid Message Variant',
    meaning: 'The variation is not one of this campaign.',
  },
  mismatched_message_type: {
    status: 400,
    label: 'Mismatched Message Type',
    meaning: 'The variation belongs to another channel.',
  },
  invalid_extra: { status: 400, label: 'Invalid Extra Push Payload', meaning: '`extra` is not an object.' },
  apple_push_too_long: {
    status: 400,
    label: 'Apple Push Length Exceeded',
    meaning: 'The push is longer than 1,912 bytes.',
  },
  android_push_too_long: {
    status: 400,
    label: 'Android Push Length Exceeded',
    meaning: 'The push is longer than 4,000 bytes.',
  },
  audience_too_expensive: {
    status: 400,
    label: 'Audience Too Expensive',
    meaning: 'The audience takes the database longer than 5 s for every 100,000 profiles.',
  },
  invalid_subscription_group: {
    status: 400,
    label: 'Invalid subscription group ID',
    meaning: 'The subscription group is unknown or archived.',
  },
  email_and_phone: {
    status: 400,
    label: 'Either an email address or a phone number should be provided, but not both.',
    meaning: 'A change of a subscription group, or a question about one, names email addresses and phone numbers.',
  },
  no_credentials: {
    status: 401,
    label: 'Error authenticating credentials',
    meaning: 'The `Authorization: Bearer …` header is missing or malformed.',
  },
  invalid_key: { status: 401, label: 'Invalid API key', meaning: 'There is no such key, or it was deleted.' },
  not_signed_in: {
    status: 401,
    label: 'Not signed in',
    meaning: 'An operator call without the cookie of a session, or with that of one that has ended.',
  },
  wrong_password: {
    status: 401,
    label: 'Wrong name or password',
    meaning: 'The sign-in of an operator failed. The answer is the same for every cause.',
  },
  cross_site: {
    status: 403,
    label: 'Request from another site',
    meaning:
      'An operator call that a page of another site may have made: its `Origin` is another, or it changes something and lacks the header `X-Cresset-Console`.',
  },
  role_required: {
    status: 403,
    label: 'Your role may not do this',
    meaning: 'The operator is a viewer or sender, and the call needs more; `errors` names the role.',
  },
  address_not_allowed: {
    status: 403,
    label: 'Invalid whitelisted IPs',
    meaning: 'The key may not be used from this address.',
  },
  no_permission: {
    status: 403,
    label: 'You do not have permission to access this resource',
    meaning: 'The key lacks the permission of this endpoint.',
  },
  identity_required: {
    status: 403,
    label: 'Identity required',
    meaning: 'A page may name a person only with an `identity` that your back-end has signed.',
  },
  invalid_identity: {
    status: 403,
    label: 'Invalid identity',
    meaning: 'The `identity` of a page is not signed with the key of the app, is for another app, or has expired.',
  },
  media_library_disabled: {
    status: 403,
    label: 'Media Library Public APIs are not enabled for this company.',
    meaning: 'The workspace file gives the media library no room.',
  },
  no_asset: {
    status: 400,
    label: 'Either asset_url or asset_file must be provided.',
    meaning: 'A request to store a file has neither the file nor its address.',
  },
  no_asset_id: {
    status: 400,
    label: 'asset_id is required.',
    meaning: 'A request to replace a file does not say which.',
  },
  no_new_asset: {
    status: 400,
    label: 'Either file or asset_url is required.',
    meaning: 'A request to replace a file has neither the new file nor its address.',
  },
  two_assets: {
    status: 400,
    label: 'Both asset_url and asset_file cannot be provided. Please provide only one.',
    meaning: 'A request to store or replace a file has both the file and an address.',
  },
  invalid_user_token: {
    status: 401,
    label: 'Invalid user token',
    meaning:
      'The token of a user is missing, is not signed with a key of the app, or has expired; `errors` says which.',
  },
  wrong_user: {
    status: 403,
    label: 'The token is of another user',
    meaning: 'The token of a user names another one than `external_user_id`.',
  },
  origin_not_allowed: {
    status: 403,
    label: 'Origin not allowed',
    meaning: 'A page called from an origin that is not in `content_cards.origins` of the app.',
  },
  host_not_allowed: {
    status: 403,
    label: 'Host not allowed',
    meaning: 'The `Host` header names another machine; `cresset dev` answers only requests for this one.',
  },
  invalid_signature: {
    status: 403,
    label: 'Invalid signature',
    meaning: 'A callback is not signed with the secret of the account that it is for, or there is no such account.',
  },
  not_found: { status: 404, label: 'Not Found', meaning: 'The id is unknown.' },
  unknown_path: { status: 404, label: 'Invalid URL', meaning: 'There is no such path.' },
  method_not_allowed: {
    status: 405,
    label: 'Method Not Allowed',
    meaning: 'The path does not accept this method; see `Allow`.',
  },
  idempotency_conflict: {
    status: 409,
    label: 'Idempotency key was used with another request',
    meaning: 'The key was used with another body in the last 24 hours; `errors` names the dispatch of that body.',
  },
  idempotency_running: {
    status: 409,
    label: 'The first request with this idempotency key is still running',
    meaning: 'Try again after `Retry-After`.',
  },
  external_send_running: {
    status: 409,
    label: 'The external reference has been queued.  Please retry to obtain send_id.',
    meaning: 'The first request with this `external_send_id` is still running. Try again after `Retry-After`.',
  },
  wrong_state: {
    status: 409,
    label: 'The dispatch is in another state',
    meaning: 'The dispatch cannot be cancelled, paused, resumed or replayed in its state, which `errors` names.',
  },
  definition_of_file: {
    status: 409,
    label: 'A workspace file defines this',
    meaning:
      'The console and its calls change no definition of the file that the server applies at its start, and remove none of any file; `errors` names the file and the place.',
  },
  definition_in_use: {
    status: 409,
    label: 'Something uses this',
    meaning: 'What is to be removed is used by what `errors` names.',
  },
  definition_changed: {
    status: 409,
    label: 'The definitions have changed',
    meaning: 'What would be changed is not the plan whose digest came with the request. Look at the plan again.',
  },
  body_too_large: {
    status: 413,
    label: 'Request Entity Too Large',
    meaning: 'The body is over the limit, which `errors` says. `CRESSET_BODY_LIMIT` raises it.',
  },
  wrong_content_type: {
    status: 415,
    label: 'Unsupported Media Type',
    meaning:
      'The workspace wants `Content-Type: application/json` (`requests: { strict_content_type: true }`), or the endpoint another type; or the body has a `Content-Encoding` that the endpoint does not take, and `Accept-Encoding` names what it takes. Only `POST /dispatches` takes gzip.',
  },
  export_running: {
    status: 429,
    label: 'An export of this segment is already running',
    meaning: 'The segment is being exported. Wait for its callback or file, or cancel it.',
  },
  too_many_exports: {
    status: 429,
    label: 'Too many exports are running',
    meaning: '100 exports of the workspace are running, or the files of its last four hours take 5 GiB.',
  },
  too_many_attempts: {
    status: 429,
    label: 'Too many attempts to sign in',
    meaning: 'Passwords were tried too fast, for this name or from this address. Try again after `Retry-After`.',
  },
  rate_limited: {
    status: 429,
    label: 'Rate Limited',
    meaning:
      'The requests of this window are used up (`errors` says of which limit, how many it has, and when the next window begins), or too many previews, explanations and dry runs of the workspace wait (`errors` says which). Try again after `Retry-After`.',
  },
  quota_used_up: {
    status: 429,
    label: 'Rate Limited',
    meaning:
      'A quota that the host has set for the workspace is used up (`errors` says which, and until when). Slower requests do not help. Try again after `Retry-After`.',
  },
  internal_error: {
    status: 500,
    label: 'Internal Server Error',
    meaning: 'The server has a bug. Nothing was accepted.',
  },
  queue_full: {
    status: 503,
    label: 'Queue Full',
    meaning:
      'Too many accepted sends wait, or they wait too long (`CRESSET_QUEUE_…`), or providers tell more at once than can be stored. Nothing was accepted. Try again after `Retry-After`.',
  },
  unavailable: {
    status: 503,
    label: 'Service Unavailable',
    meaning:
      'The database is away or refuses writes (disk full, read-only; `errors` says which), the same rows are changed too often, or the server is stopping. Nothing was accepted.',
  },
} as const satisfies Record<string, { status: number; label: string; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An error that is the answer to a request. Each of `errors` begins with the path and says what was expected and what came.
 */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly string[];
  /** Time after which the caller should try again, in seconds. undefined: none is given. */
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, errors: readonly string[] = [], retryAfterS?: number) {
    super([errorCodes[code].label, ...errors].join(': '));
    this.code = code;
    this.errors = errors;
    this.retryAfterS = retryAfterS;
  }
}
