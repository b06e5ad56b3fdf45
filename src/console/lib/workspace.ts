/** Path of the console, with a slash at its end. */
const base = new URL(document.baseURI).pathname;
const [path = ''] = /^in\/\d+(?=\/|$)/.exec(location.pathname.slice(base.length)) ?? [];

/** The workspace of this page as its URL has it, such as `in/3/`. Empty: the URL names none. */
export const workspacePath = path === '' ? '' : `${path}/`;

/** The path below which this page and its neighbours are, without a slash at the end. */
export const basePath = (base + workspacePath).replace(/\/$/, '') || '/';

/** The path of the console in another workspace. Absent: without any. */
export function pathIn(workspaceId?: number): string {
  return workspaceId === undefined ? base : `${base}in/${workspaceId}/`;
}

/** Shows the same page in a workspace, whose id is in the URL from then on, so that the view can be shared. */
export function enter(workspaceId: number): void {
  const { pathname, search, hash } = location;
  const inside = pathname.slice((base + workspacePath).length);
  location.replace(pathIn(workspaceId) + inside + search + hash);
}

/** The name under which a browser keeps something of this workspace. */
export function keyHere(key: string): string {
  return workspacePath + key;
}
