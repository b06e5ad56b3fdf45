import { useNavigate } from '@tanstack/react-router';
import { type RefObject, useState } from 'react';
import { Icon } from '../parts/icon.tsx';

/** The field that takes any id. What is pasted goes into the fragment, which is never sent to a server. */
export function FindField({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  return (
    <search className="grow">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') navigate({ to: '/find', hash: encodeURIComponent(text.trim()) });
        }}
      >
        <label className="find">
          <Icon name="find" />
          <span className="sr">Find</span>
          <input
            ref={field}
            className="t"
            placeholder="Paste any id: person, email, dispatch, token, request …"
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            enterKeyHint="search"
          />
          <kbd>/</kbd>
        </label>
      </form>
    </search>
  );
}
