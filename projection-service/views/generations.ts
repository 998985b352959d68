/**
 * A bounded cache: keeps at least the last `size` keys used and at most twice as many. What was not
 * used for a whole generation is dropped with it, which costs less than keeping an exact order.
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
    if (this.young.size >= this.size) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, kept);
  }
}
