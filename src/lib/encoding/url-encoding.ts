/** How to write a user and a password in a URL. */
export const HOW_TO_ENCODE =
  'percent-encode user and password: % is %25, @ is %40, : is %3A, / is %2F, # is %23, ? is %3F';

const PERCENT = 'percent-encode: % is %25, unless it begins the code of a character, such as %40';

/**
 * What is wrong with the percent-encoding of a URL in settings. null: nothing. A part of a password that is not encoded would
 * become the host, a port or a path, and would then be shown, so the text is looked at before it is read as a URL. The
 * sentence repeats nothing of it.
 */
export function encodingProblem(url: string): string | null {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (rest === '' || /^socket$/i.test(scheme)) return percentProblem(url, url);
  const isWeb = /^https?$/i.test(scheme);
  const [authority = ''] = rest.split(isWeb ? /[/\\?#]/ : /[/?#]/, 1);
  const users = authority.split('@').length - 1;
  const after = rest.slice(authority.length);
  const isCut = isWeb ? isCutOnWeb(`${scheme}://${authority}`, users, after) : after.includes('@');
  if (users > 1 || isCut) return HOW_TO_ENCODE;
  // The path of a web server may be in another encoding. Nobody here decodes it.
  const problem = percentProblem(rest, isWeb ? authority : rest);
  return problem !== null && users > 0 ? HOW_TO_ENCODE : problem;
}

/** A path on the web may have an @, so it is a sign only beside another one. */
function isCutOnWeb(origin: string, users: number, after: string): boolean {
  return after.includes('@') && (users > 0 || after.includes('#') || !URL.canParse(origin));
}

/** `decoded`: the part that must be text in UTF-8. */
function percentProblem(url: string, decoded: string): string | null {
  try {
    decodeURIComponent(decoded);
  } catch {
    return PERCENT;
  }
  return /%(?![\da-f]{2})/i.test(url) ? PERCENT : null;
}
