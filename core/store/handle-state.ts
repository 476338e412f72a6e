/** Refuses the use of a transaction's handle after the body has ended, or while a nested transaction is open. */
export class HandleState {
  private state: "open" | "nested" | "ended" = "open";

  /** Throws unless the handle may be used now. */
  check(): void {
    if (this.state === "ended") throw new Error("a transaction's handle was used after its end");
    if (this.state === "nested") throw new Error("a transaction was used while one nested in it was open");
  }

  nest(): void {
    this.check();
    this.state = "nested";
  }

  unnest(): void {
    this.state = "open";
  }

  end(): void {
    this.state = "ended";
  }
}
