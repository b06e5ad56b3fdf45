/** The message variation of its campaign that a person was given. */
export function Variation({ id }: { id: string }) {
  return (
    <>
      {' '}
      <span className="mut">
        variation <code>{id}</code>
      </span>
    </>
  );
}
