import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId, useRef } from 'react';
import { Failure } from './loaded.tsx';

interface Asked {
  /** The button that opens the dialog, such as `Delete …`. */
  label: string;
  /** What the label is about, for who does not see its row, such as `the key shop`. Absent: the page is about it. */
  about?: string;
  /** The button that opens it is one of a row of buttons. Default: it is like a link. */
  isButton?: true;
  title: string;
  /** The button that does it: a verb and a thing. */
  verb: string;
  act(): Promise<unknown>;
  /** What is read again afterwards. */
  touches: readonly string[];
  children: ReactNode;
}

/** An act that asks first. The safe button has the focus, and Escape leaves everything as it is. */
export function Confirm({ label, about, isButton, title, verb, act, touches, children }: Asked) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const doing = useTouching(act, touches);
  return (
    <>
      <button
        type="button"
        className={isButton === true ? 'btn bad' : 'linkbtn'}
        aria-label={about === undefined ? undefined : `${label.replace(/ …$/, '')} ${about}`}
        onClick={() => dialog.current?.showModal()}
      >
        {label}
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={id} onClose={() => doing.reset()}>
        <div>
          <h2 id={id} className="h16">
            {title}
          </h2>
        </div>
        <div className="sec">
          {children}
          {doing.error !== null && <Failure error={doing.error} />}
        </div>
        <div className="mf">
          {/* biome-ignore lint/a11y/noAutofocus: the safe button has the focus */}
          <button type="button" className="btn" autoFocus onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button
            type="button"
            className="btn bad"
            disabled={doing.isPending}
            onClick={() => doing.mutate(undefined, { onSuccess: () => dialog.current?.close() })}
          >
            {verb}
          </button>
        </div>
      </dialog>
    </>
  );
}

/** A change, after which these queries are read again, whether it worked or not. */
export function useTouching<T, A = void>(
  act: (asked: A) => Promise<T>,
  touches: readonly string[],
): UseMutationResult<T, Error, A> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => Promise.all(touches.map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}
