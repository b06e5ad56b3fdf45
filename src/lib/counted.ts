/** A number with its noun: `1 dispatch`, `20 dispatches`. `many`: the noun for every number but one. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
