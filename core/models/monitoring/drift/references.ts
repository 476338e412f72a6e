/** Loads the reference bins of a version's training rows, once from its evaluation, and keeps them while in use. */
import type { Store } from "../../../store/database.ts";
import { findEvaluation, type StoredVersion } from "../../../store/models.ts";
import type { TrainingReference } from "../../../trainer/model/reference.ts";

type Name = Pick<StoredVersion, "name" | "version">;

const KEPT = 20;

export class References {
  private readonly known = new Map<string, TrainingReference>();

  constructor(private readonly store: Store) {}

  /** Null if the version has none. */
  async of({ name, version }: Name): Promise<TrainingReference | null> {
    const key = `${name}:${version}`;
    const known = this.known.get(key);
    if (known) return known;
    const { reference } = await findEvaluation(this.store, name, version);
    if (!reference) return null;
    this.known.set(key, reference as TrainingReference);
    const oldest = this.known.keys().next().value;
    if (this.known.size > KEPT && oldest !== undefined) this.known.delete(oldest);
    return reference as TrainingReference;
  }
}
