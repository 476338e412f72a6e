/**
 * Makes prediction IDs. 26 characters of Crockford's base 32 that sort by time and then by order, as ULIDs do; the last
 * twelve (60 bits) are random, so that one ID does not reveal others.
 *
 *   01m2c4r8vk  0003  9f2k7q0x4tzn
 *   ms since 1970  nth   random
 */
import { ALPHABET } from "../../platform/ids.ts";

const TIME_CHARACTERS = 10;
const ORDER_CHARACTERS = 4;
const CHANCE_CHARACTERS = 12;
const ORDERS = 32 ** ORDER_CHARACTERS;
/** Two characters at once. */
const PAIRS = [...ALPHABET].flatMap((first) => [...ALPHABET].map((second) => first + second));
export const PREDICTION_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** Random bytes are drawn for a few hundred IDs at once: a system call for each would cost more than the prediction. */
const POOL_CHARACTERS = CHANCE_CHARACTERS * 512;
let pool = "";
let used = POOL_CHARACTERS;
let lastMs = 0;
let order = 0;
let prefix = "";

/** Greater than every ID made before in this process. */
export function predictionId(now: number): string {
  if (now > lastMs || order === ORDERS) startAt(Math.max(now, lastMs + 1));
  if (used === POOL_CHARACTERS) draw();
  const chance = pool.slice(used, used + CHANCE_CHARACTERS);
  used += CHANCE_CHARACTERS;
  return prefix + base32(order++, ORDER_CHARACTERS) + chance;
}

function draw(): void {
  const bytes = crypto.getRandomValues(Buffer.alloc(POOL_CHARACTERS));
  for (let i = 0; i < bytes.length; i++) bytes[i] = ALPHABET.charCodeAt(bytes[i]! & 31);
  pool = bytes.toString("latin1");
  used = 0;
}

/** Less than every ID made from `at` on, and greater than those made before. */
export function firstIdAt(at: number): string {
  return base32(Math.max(0, Math.floor(at)), TIME_CHARACTERS);
}

function startAt(ms: number): void {
  lastMs = ms;
  order = 0;
  prefix = base32(ms, TIME_CHARACTERS);
}

/** `characters`: an even number. */
function base32(number: number, characters: number): string {
  let text = "";
  let rest = number;
  for (let i = 0; i < characters; i += 2) {
    text = PAIRS[rest % PAIRS.length] + text;
    rest = Math.floor(rest / PAIRS.length);
  }
  return text;
}
