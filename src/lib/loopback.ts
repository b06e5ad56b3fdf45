/** Whether what goes to this URL cannot be read on the way: by HTTPS, or without leaving this machine. */
export function isPrivateRoute({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
