import { useState } from 'react';
import { Frame } from './frame.tsx';
import type { Sample } from './previewed.ts';

/** A message that is not sent, as its person would see it, and as it is. */
export function OneMessage({ sample }: { sample: Sample }) {
  const [isRaw, setRaw] = useState(false);
  return (
    <>
      <Frame
        message={{ ...sample, delivered_at: '' }}
        mailUrl={null}
        isChosen={isRaw}
        onChoose={() => setRaw(!isRaw)}
      />
      {isRaw && <pre className="json raw1">{JSON.stringify(sample.message, null, 2)}</pre>}
    </>
  );
}
