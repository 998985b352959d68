/** Tells a loop that there may be work: muted before the loop looks, heard when it found none. */
export class Bell {
  #rung = false;
  #listener: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#listener?.();
  }

  mute(): void {
    this.#rung = false;
  }

  /** Resolves at the next ring, or at once when it rang since it was muted. */
  heard(): Promise<void> {
    if (this.#rung) return Promise.resolve();
    return new Promise((resolve) => {
      this.#listener = resolve;
    });
  }
}
