/** Checks that a packed file is read back equal, and that a damaged one is refused, whatever the damage. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { MODEL_VERSION, type Model } from "../../../../core/trainer/model/model.ts";
import { readModel, readTestedModel, writeModel } from "../../../../core/trainer/model/model-file.ts";
import { crc32, DamagedFileError, pack, unpack } from "../../../../core/trainer/model/pack.ts";

const MODEL: Model = {
  version: MODEL_VERSION,
  task: "regression",
  target: "y",
  classes: [],
  plans: [],
  encoder: { columns: [] },
  design: { features: [], columns: 0 },
  supervised: [],
  parts: [
    {
      name: "guess",
      family: "baseline",
      weight: 1,
      members: [{ kind: "constant", response: Float64Array.of(3) }],
    },
  ],
  calibration: null,
  threshold: null,
};

test("plain data and arrays come back equal", () => {
  const value = {
    text: "ü — \u0000 “quoted”",
    nested: [{ a: Float64Array.of(1.5, -0, Number.POSITIVE_INFINITY) }, null, true, -0.25],
    bytes: Uint8Array.of(1, 2, 3),
    empty: new Int32Array(0),
    "": Float32Array.of(0.1),
  };
  expect(unpack(pack(value))).toEqual(value);
  const [missing] = unpack(pack([Float32Array.of(Number.NaN)])) as Float32Array[];
  expect(missing[0]).toBeNaN();
});

test("the checksum is the standard one", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("a changed byte of the tested model is refused too, whichever of the two is requested", () => {
  const bytes = writeModel({ ...MODEL, threshold: 0.5 }, MODEL);
  expect(readModel(bytes).threshold).toBe(0.5);
  expect(readTestedModel(bytes)).toEqual(MODEL);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = bytes.slice();
      damaged[at] ^= change;
      expect(() => readModel(damaged)).toThrow(DamagedFileError);
      expect(() => readTestedModel(damaged)).toThrow(DamagedFileError);
    }),
  );
});

test("any changed, missing or added byte is refused", () => {
  const bytes = writeModel(MODEL);
  expect(readModel(bytes)).toEqual(MODEL);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = bytes.slice();
      damaged[at] ^= change;
      expect(() => readModel(damaged)).toThrow(DamagedFileError);
    }),
  );
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => readModel(bytes.slice(0, length))).toThrow(DamagedFileError);
  }
  expect(() => readModel(Uint8Array.from([...bytes, 0]))).toThrow(DamagedFileError);
});

test("another version and other contents are refused", () => {
  expect(() => readModel(pack({ what: "signalbox model", version: 99 }))).toThrow("version 99");
  expect(() => readModel(pack({ rows: 3 }))).toThrow("not a model");
});

test("an array that points outside the file is refused", () => {
  const bytes = pack({ a: Float64Array.of(1, 2) });
  const text = new TextDecoder().decode(bytes);
  const at = text.indexOf(",2]");
  const forged = bytes.slice();
  forged[at + 1] = "9".charCodeAt(0);
  new DataView(forged.buffer).setUint32(4, crc32(forged.subarray(8)), true);
  expect(() => unpack(forged)).toThrow("outside");
});
