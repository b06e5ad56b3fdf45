/** Paragraphs with `code` in them, which is all that descriptions use. */
export function Prose({ text }: { text: string }) {
  return text.split('\n\n').map((paragraph) => (
    <p key={paragraph} className="md prose">
      <Line text={paragraph} />
    </p>
  ));
}

export function Line({ text }: { text: string }) {
  const pieces = text.split('`').map((piece, at) => ({ piece, isCode: at % 2 === 1, key: `${at} ${piece}` }));
  return pieces.map(({ piece, isCode, key }) =>
    isCode ? <code key={key}>{piece}</code> : <span key={key}>{piece}</span>,
  );
}
