/** The URL is kept in a cookie, which browsers cut off at 4 KiB. */
const LONGEST_NEXT = 1_000;

/**
 * The URL of the console that a browser asked to see next. What leads elsewhere, however it is written, becomes the home page.
 * `next`: path and query, as the browser has them. `publicUrl`: where the console is.
 */
export function consoleUrl(next: string | null, publicUrl: string): string {
  const home = new URL(`${publicUrl}/`);
  if (next === null || !URL.canParse(next, home)) return home.href;
  const { origin, href, pathname, username, password } = new URL(next, home);
  const isOurs =
    href.length <= LONGEST_NEXT &&
    origin === home.origin &&
    username + password === '' &&
    pathname.startsWith(home.pathname);
  return isOurs && !pathname.startsWith(`${home.pathname}sign-in`) ? href : home.href;
}
