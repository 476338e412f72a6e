/**
 * Generates the sample of flats and their monthly rent: a numeric target with steps, curves and interacting columns.
 */
import { clamp, type Draw, dayAfter } from "./draw.ts";

const DISTRICTS = {
  Harbour: 1.32,
  "Old Town": 1.25,
  Parkside: 1.12,
  Mill: 1,
  Station: 0.94,
  Northfield: 0.82,
};
const ENERGY = ["A", "B", "C", "D", "E", "F"];

/** Small flats cost more per square metre; a high floor adds value with a lift and reduces it without one. */
export function flat(draw: Draw): Record<string, string | number> {
  const district = draw.weighted({
    Harbour: 2,
    "Old Town": 3,
    Parkside: 3,
    Mill: 4,
    Station: 3,
    Northfield: 4,
  });
  const area = Math.round(clamp(Math.exp(4.15 + 0.38 * draw.normal()), 18, 210));
  const rooms = Math.max(1, Math.round(area / 26 + 0.6 * draw.normal()));
  const built = draw.happens(district === "Old Town" ? 0.7 : 0.25)
    ? draw.whole(1880, 1938)
    : draw.whole(1950, 2023);
  const floor = draw.whole(0, built > 1965 ? 9 : 4);
  const hasLift = floor > 4 || draw.happens(built > 1990 ? 0.7 : 0.15);
  const balcony = draw.weighted({ none: 4, balcony: 5, terrace: 1 });
  const minutes = Math.round(clamp(3 - 9 * Math.log(1 - draw.share()), 1, 45));
  const energy = Math.round(
    clamp((2023 - built) / 26 + 0.9 * draw.normal() + (built < 1939 ? -0.8 : 1), 0, 5),
  );
  const rent =
    DISTRICTS[district] *
    (190 + 10.4 * area ** 0.97) *
    (built > 2010 ? 1.14 : built < 1939 ? 1.04 : 1) *
    (1 + (hasLift ? 0.011 : -0.018) * floor) *
    (1 - 0.0045 * Math.min(30, minutes)) *
    (balcony === "terrace" ? 1.09 : balcony === "balcony" ? 1.035 : 1) *
    (1 - 0.018 * energy) *
    Math.exp(0.07 * draw.normal());
  return {
    listed: dayAfter("2025-01-02", draw.whole(0, 420)),
    district,
    area_m2: area,
    rooms,
    floor: draw.happens(0.02) ? "" : floor,
    lift: hasLift ? "yes" : "no",
    balcony,
    built: draw.happens(0.06) ? "" : built,
    energy: draw.happens(0.12) ? "" : ENERGY[energy]!,
    station_minutes: minutes,
    monthly_rent: Math.round(rent / 5) * 5,
  };
}
