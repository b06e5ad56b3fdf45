/**
 * Sorts by halves, as Ruby does where it asks the C library. That tells where `compare` contradicts itself: it puts nil
 * behind nil, so that a natural sort turns them round.
 */
export function mergeSort<T>(list: readonly T[], compare: (one: T, other: T) => number): T[] {
  if (list.length <= 1) return list.slice();
  const half = Math.floor(list.length / 2);
  return merge(mergeSort(list.slice(0, half), compare), mergeSort(list.slice(half), compare), compare);
}

function merge<T>(left: readonly T[], right: readonly T[], compare: (one: T, other: T) => number): T[] {
  const merged: T[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    const takesLeft = compare(left[l] as T, right[r] as T) <= 0;
    merged.push((takesLeft ? left[l++] : right[r++]) as T);
  }
  return merged.concat(left.slice(l), right.slice(r));
}
