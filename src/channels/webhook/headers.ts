/** The name of a header: a token of HTTP. Source: RFC 9110 §5.1. */
export const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** Characters that no header can carry: control characters, the tab excepted. Source: RFC 9110 §5.5. */
const unsendable = /[^\t\x20-\x7e\x80-\u{10ffff}]/u;

/** Why a header cannot be sent with this value. null: it can be sent. */
export function valueProblem(value: string): string | null {
  return unsendable.test(value) ? 'must not hold line breaks, NUL or other control characters' : null;
}

/** Our headers, without those whose names the caller's headers have in any letter case, and then the caller's. */
export function withOurs(
  theirs: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string>>,
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(ours)) if (!hasHeader(theirs, name)) all[name] = value;
  return Object.assign(all, theirs);
}

/** Whether there is a header of this name, in any letter case. */
export function hasHeader(headers: Readonly<Record<string, string>>, name: string): boolean {
  const wanted = name.toLowerCase();
  for (const known in headers) if (known.length === wanted.length && known.toLowerCase() === wanted) return true;
  return false;
}
