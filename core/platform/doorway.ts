/**
 * How do thousands that come at once leave room for the rest? A few pass in each turn of the event loop; whatever else
 * came in is served between two turns.
 */
const AT_ONCE = 10;

export class Doorway {
  private readonly waiting: (() => void)[] = [];
  private passed = 0;

  /** Resolves when the caller may go on: at once unless many ask. */
  async pass(): Promise<void> {
    if (this.passed === 0) setImmediate(() => this.letIn());
    this.passed += 1;
    if (this.passed > AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private letIn(): void {
    const group = this.waiting.splice(0, AT_ONCE);
    this.passed = group.length && AT_ONCE;
    if (group.length) setImmediate(() => this.letIn());
    for (const resolve of group) resolve();
  }
}
