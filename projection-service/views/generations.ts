/**
 * A cache that is bounded between batches: what was not used for a whole generation, of `size` keys
 * at least, is dropped with it, which costs less than keeping an exact order. Within a batch nothing
 * is dropped, however much is used.
 */
export class Generations<Kept> {
  private young = new Map<string, Kept>();
  private old = new Map<string, Kept>();

  constructor(private readonly size: number) {}

  get(key: string): Kept | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, kept: Kept): void {
    this.young.set(key, kept);
  }

  /** Begins a batch: the only moment at which anything is dropped. Answers whether it may have been. */
  beginBatch(): boolean {
    if (this.young.size < this.size) return false;
    const drops = this.old.size > 0;
    this.old = this.young;
    this.young = new Map();
    return drops;
  }
}
