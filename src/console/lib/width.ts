/** Whether there is room, and most likely a keyboard, for an editor. Asked once for each look. */
export function isDesk(): boolean {
  return matchMedia('(min-width: 761px)').matches;
}
