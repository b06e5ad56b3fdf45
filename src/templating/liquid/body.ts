import { isPlaceable } from './errors.ts';
import type { Frame } from './frame.ts';

export interface Node {
  /** Prints nothing, whatever happens: blanks beside it are not printed either where a branch has nothing else. */
  readonly isSilent: boolean;
  render(frame: Frame): void;
}

/** What stands between the start and the end of a block. */
export class Body {
  #parts: (string | Node)[] = [];
  /** Offset of each part in the text of the template. */
  #places: number[] = [];
  #isSilent = true;

  get isSilent(): boolean {
    return this.#isSilent;
  }

  addText(text: string, isBlank: boolean, at: number): void {
    this.#parts.push(text);
    this.#places.push(at);
    this.#isSilent &&= isBlank;
  }

  add(node: Node, at: number): void {
    this.#parts.push(node);
    this.#places.push(at);
    this.#isSilent &&= node.isSilent;
  }

  /** Applies to a text that stands last. */
  changeLastText(change: (text: string) => string): void {
    const last = this.#parts.at(-1);
    if (typeof last === 'string') this.#parts[this.#parts.length - 1] = change(last);
  }

  dropTexts(): void {
    this.#places = this.#places.filter((_, index) => typeof this.#parts[index] !== 'string');
    this.#parts = this.#parts.filter((part) => typeof part !== 'string');
  }

  /** Ends early when a loop is to be broken or continued. An error leaves it with the place of the innermost part. */
  render(frame: Frame): void {
    let index = 0;
    try {
      for (const part of this.#parts) {
        if (typeof part === 'string') frame.write(part);
        else {
          frame.budget.work(50);
          part.render(frame);
          if (frame.interrupts.length > 0) return;
        }
        index += 1;
      }
    } catch (error) {
      if (isPlaceable(error)) error.at ??= this.#places[index] ?? null;
      throw error;
    }
  }
}
