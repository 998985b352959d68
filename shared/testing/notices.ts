/** What has been told so far, and a way to wait until something has been. */
export class Notices<Notice> {
  readonly all: Notice[] = [];
  readonly #waiting = new Set<() => void>();

  readonly push = (notice: Notice): void => {
    this.all.push(notice);
    for (const look of [...this.#waiting]) look();
  };

  /** Resolves when this holds, which is looked at after every notice. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when such a notice has come. */
  has(matches: (notice: Notice) => boolean): Promise<void> {
    return this.until(() => this.all.some(matches));
  }
}
