/** Orders whole transactions and single writes: one at a time, in the order of their requests. */
export class TurnQueue {
  private readonly waiting: (() => void)[] = [];
  private isTaken = false;

  /** Resolves when the turn is free; the holder must call `pass`. */
  tryTake(): boolean {
    if (this.isTaken) return false;
    this.isTaken = true;
    return true;
  }

  /** Resolves when it is the caller's turn. */
  async take(): Promise<void> {
    if (!this.tryTake()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  pass(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.isTaken = false;
  }
}
