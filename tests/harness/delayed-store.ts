/** A store whose results come late, each by a random number of turns of the event loop, in any order. */
import type { Handle, Parameters, Store, Value } from "../../core/store/database.ts";

const MOST_TURNS = 6;

export class DelayedStore implements Store {
  constructor(
    private readonly store: Store,
    private readonly random: () => number,
  ) {}

  get epoch(): string {
    return this.store.epoch;
  }

  get isShared(): boolean {
    return this.store.isShared;
  }

  announce(seq: number): void {
    this.store.announce(seq);
  }

  follow(heard: (seq: number) => void): () => void {
    return this.store.follow(heard);
  }

  get holdsDeleted(): boolean {
    return this.store.holdsDeleted;
  }

  get<Row>(sql: string, parameters?: Parameters): Promise<Row | null> {
    return this.late(() => this.store.get<Row>(sql, parameters));
  }

  all<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.late(() => this.store.all<Row>(sql, parameters));
  }

  run(sql: string, parameters?: Parameters | Value[]): Promise<number> {
    return this.late(() => this.store.run(sql, parameters));
  }

  returning<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.late(() => this.store.returning<Row>(sql, parameters));
  }

  transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    return this.late(() => this.store.transaction(body));
  }

  faults(): Promise<string[]> {
    return this.store.faults();
  }

  purgeLog(): Promise<boolean> {
    return this.store.purgeLog();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** Late in asking, and late in telling what was answered. */
  private async late<T>(ask: () => Promise<T>): Promise<T> {
    await this.wait();
    const answer = await ask();
    await this.wait();
    return answer;
  }

  private async wait(): Promise<void> {
    for (let turns = Math.floor(this.random() * MOST_TURNS); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
  }
}
