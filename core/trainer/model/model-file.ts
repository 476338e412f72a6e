/**
 * Writes and reads model files: packed plain data with a version and a checksum. A file that is damaged, of another
 * version or too large is refused before any of it is used. If the served model learned from the test rows too, the
 * tested model follows in the same file: comparisons need one that has not seen them.
 */
import { MODEL_VERSION, type Model } from "./model.ts";
import { checkPacked, DamagedFileError, pack, packedLength, unpack } from "./pack.ts";

export { DamagedFileError };

const MOST_MODEL_BYTES = 256 * 1024 * 1024;

/** The same models give the same bytes. `tested`: the model before its refit. */
export function writeModel(model: Model, tested: Model | null = null): Uint8Array {
  const served = packed(model);
  const bytes = tested ? joined(served, packed(tested)) : served;
  if (bytes.length > MOST_MODEL_BYTES) throw new Error("The model is larger than a model file may be.");
  return bytes;
}

const packed = (model: Model) => pack({ what: "signalbox model", ...model });

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The model that is served. Throws DamagedFileError with the reason. */
export function readModel(bytes: Uint8Array): Model {
  return readOne(partsOf(bytes).served);
}

/** The model that was tested; the served one if there was no refit. Throws DamagedFileError with the reason. */
export function readTestedModel(bytes: Uint8Array): Model {
  const { served, tested } = partsOf(bytes);
  return readOne(tested ?? served);
}

function partsOf(bytes: Uint8Array): { served: Uint8Array; tested: Uint8Array | null } {
  if (bytes.length > MOST_MODEL_BYTES) throw new DamagedFileError("The file is larger than a model may be.");
  const length = packedLength(bytes);
  const [served, tested] = [bytes.subarray(0, length), bytes.subarray(length)];
  if (tested.length === 0) return { served, tested: null };
  // Checked even if only the other model is requested: a file is intact or refused.
  checkPacked(served);
  checkPacked(tested);
  return { served, tested };
}

function readOne(bytes: Uint8Array): Model {
  const value = unpack(bytes) as Partial<Model> & { what?: string };
  if (value.what !== "signalbox model") throw new DamagedFileError("The file is not a model.");
  if (value.version !== MODEL_VERSION) {
    throw new DamagedFileError(
      `The model has version ${value.version}; this program reads version ${MODEL_VERSION}.`,
    );
  }
  const { what: _, ...model } = value;
  return model as Model;
}
