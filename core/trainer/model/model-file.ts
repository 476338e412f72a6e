/**
 * Writes and reads model files. Packed plain data with a version and a checksum; what is damaged, of another version
 * or too large is refused before anything of it is used.
 */
import { MODEL_VERSION, type Model } from "./model.ts";
import { DamagedFileError, pack, unpack } from "./pack.ts";

export { DamagedFileError };

export const MOST_MODEL_BYTES = 256 * 1024 * 1024;

/** The same model gives the same bytes. */
export function writeModel(model: Model): Uint8Array {
  const bytes = pack({ what: "signalbox model", ...model });
  if (bytes.length > MOST_MODEL_BYTES) throw new Error("The model is larger than a model file may be.");
  return bytes;
}

/** Throws DamagedFileError with the reason. */
export function readModel(bytes: Uint8Array): Model {
  if (bytes.length > MOST_MODEL_BYTES) throw new DamagedFileError("The file is larger than a model may be.");
  const value = unpack(bytes) as Partial<Model> & { what?: string };
  if (value.what !== "signalbox model") throw new DamagedFileError("The file is not a model.");
  if (value.version !== MODEL_VERSION) {
    throw new DamagedFileError(
      `The model is of version ${value.version}, this program reads ${MODEL_VERSION}.`,
    );
  }
  const { what: _, ...model } = value;
  return model as Model;
}
