/**
 * Generates the sample of messages and the team that should handle each: several classes, told apart mostly by free
 * text.
 */
import { type Draw, dayAfter } from "./draw.ts";

const TEAMS = {
  billing: [
    "I was charged twice for order {order}",
    "the invoice for {month} shows {amount} instead of {amount}",
    "my refund of {amount} has not arrived on my account",
    "you took {amount} from my card and I do not know what for",
    "please send the invoice for order {order} to our accounting",
    "the voucher was not taken off the bill, I paid {amount}",
  ],
  delivery: [
    "my parcel was due on {day} and has still not come",
    "tracking for order {order} has not moved since {day}",
    "the driver left the parcel with a neighbour I do not know",
    "can you bring order {order} to another address",
    "the box arrived open and one {thing} was missing",
    "when will order {order} be sent, I need it by {day}",
  ],
  account: [
    "I cannot log in, the password link never arrives",
    "please change the e-mail address of my account",
    "my account is locked after I typed the password wrong",
    "the code for signing in comes too late to be used",
    "how can I delete my account and all my data",
    "I have two accounts and want to keep one of them",
  ],
  returns: [
    "the {thing} is too small, I want to send it back",
    "how do I return the {thing} from order {order}",
    "I sent the {thing} back on {day} and heard nothing since",
    "there was no return label in the box",
    "can I swap the {thing} for another colour",
    "the {thing} does not look like the picture, I want my money back",
  ],
  repair: [
    "the {thing} stopped working after {days} days",
    "the {thing} makes a loud noise and gets hot",
    "a part of the {thing} broke when I put it together",
    "the battery of the {thing} no longer charges",
    "the {thing} will not turn on, I tried another socket",
    "is the {thing} still under warranty, the screen is cracked",
  ],
} as const satisfies Record<string, readonly string[]>;
type Team = keyof typeof TEAMS;

const THINGS = ["lamp", "kettle", "jacket", "radio", "backpack", "desk chair", "speaker", "drill", "coat"];
const MONTHS = ["January", "March", "April", "June", "September", "November"];
const DAYS = ["Monday", "Tuesday", "the 4th", "Friday", "the 17th", "Saturday"];
const OPENINGS = ["", "", "Hello,", "Hi there,", "Good morning,", "To whom it may concern,", "Once again:"];
const CLOSINGS = ["", "", "Thank you.", "Please answer soon.", "This is the second time I write.", "Regards"];
/** Messages that could be for any team, as in every inbox. */
const VAGUE = ["it still does not work", "I have a question about order {order}", "please call me back"];

export function ticket(draw: Draw, index: number): Record<string, string | number> {
  const team = draw.weighted<Team>({ delivery: 6, billing: 4, returns: 4, account: 3, repair: 3 });
  const channel = draw.weighted({ mail: 5, chat: 3, form: 2 });
  const problem = draw.happens(0.06) ? draw.one(VAGUE) : draw.one(TEAMS[team]);
  const aside = draw.happens(0.25) ? `, and ${draw.one(TEAMS[draw.one(Object.keys(TEAMS) as Team[])])}` : "";
  const text = [draw.one(OPENINGS), `${fill(draw, problem + aside)}.`, draw.one(CLOSINGS)]
    .filter(Boolean)
    .join(" ");
  // People file messages wrongly, too.
  const filed = draw.happens(0.03) ? draw.one(Object.keys(TEAMS)) : team;
  return {
    ticket: `T-${4000 + index}`,
    received: `${dayAfter("2025-06-01", Math.floor(index / 7))} ${hour(draw)}`,
    channel,
    customer_years: draw.happens(0.12) ? "" : draw.whole(0, 9),
    order_value: draw.happens(team === "account" ? 0.6 : 0.08)
      ? ""
      : (8 + draw.share() ** 2 * 240).toFixed(2),
    message: misspell(draw, text),
    team: filed,
  };
}

function fill(draw: Draw, text: string): string {
  return text
    .replaceAll("{order}", () => String(draw.whole(20_000, 99_999)))
    .replaceAll("{amount}", () => `${draw.whole(9, 240)}.${draw.one(["00", "50", "90", "99"])}`)
    .replaceAll("{month}", () => draw.one(MONTHS))
    .replaceAll("{days}", () => String(draw.whole(2, 60)))
    .replaceAll("{day}", () => draw.one(DAYS))
    .replaceAll("{thing}", () => draw.one(THINGS));
}

function hour(draw: Draw): string {
  return `${String(draw.whole(7, 21)).padStart(2, "0")}:${String(draw.whole(0, 59)).padStart(2, "0")}`;
}

/** Two letters are swapped in one message of five. */
function misspell(draw: Draw, text: string): string {
  if (!draw.happens(0.2)) return text;
  const at = draw.whole(1, text.length - 3);
  return text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
}
