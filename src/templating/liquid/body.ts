import type { Frame } from './frame.ts';

export interface Node {
  /** Prints nothing, whatever happens: blanks beside it are not printed either where a branch has nothing else. */
  readonly isSilent: boolean;
  render(frame: Frame): void;
}

/** What stands between the start and the end of a block. */
export class Body {
  #parts: (string | Node)[] = [];
  #isSilent = true;

  get isSilent(): boolean {
    return this.#isSilent;
  }

  addText(text: string, isBlank: boolean): void {
    this.#parts.push(text);
    this.#isSilent &&= isBlank;
  }

  add(node: Node): void {
    this.#parts.push(node);
    this.#isSilent &&= node.isSilent;
  }

  /** Applies to a text that stands last. */
  changeLastText(change: (text: string) => string): void {
    const last = this.#parts.at(-1);
    if (typeof last === 'string') this.#parts[this.#parts.length - 1] = change(last);
  }

  dropTexts(): void {
    this.#parts = this.#parts.filter((part) => typeof part !== 'string');
  }

  /** Ends early when a loop is to be broken or continued. */
  render(frame: Frame): void {
    for (const part of this.#parts) {
      if (typeof part === 'string') frame.write(part);
      else {
        frame.budget.work(50);
        part.render(frame);
        if (frame.interrupts.length > 0) return;
      }
    }
  }
}
