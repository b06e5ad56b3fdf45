/** An outcome without the provider's words, for tests of what it means. test/verdict-details.test.ts looks at the words. */
export async function untold<Outcome extends object>(outcome: Promise<Outcome>): Promise<Outcome> {
  const bare = { ...(await outcome) };
  Reflect.deleteProperty(bare, 'detail');
  return bare;
}
