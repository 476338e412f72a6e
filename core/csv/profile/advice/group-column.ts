/**
 * Recognises a column that groups rows: a patient, a user, a device with several rows each. Rows of one group are
 * alike, so a model that has seen some of them knows the answer for the others.
 */
import { count as grouped } from "../../../platform/figures.ts";
import type { ColumnProfile, Finding } from "../../types.ts";

/**
 * Things that usually have several rows in a table; matched as a whole word of the name, with or without "id" after it.
 */
const OWNERS =
  "patient|subject|person|participant|respondent|volunteer|individual|member|user|customer|client|account|subscriber|household|borrower|applicant|student|pupil|employee|worker|driver|player|athlete|rider|speaker|author|reviewer|donor|visitor|session|cookie|trip|device|sensor|machine|engine|pump|turbine|asset|equipment|meter|battery|vehicle|truck|animal|mouse|rat|dog|cow|specimen|recording";
/** The same in the languages of common exports, and short for them. */
const OWNERS_ELSEWHERE =
  "cust|usr|member|kunde|kunden|patienten|patientin|proband|probanden|teilnehmer|nutzer|benutzer|mitarbeiter|schüler|schueler|studenten|fahrer|gerät|geraet|geräte|geraete|maschine|maschinen|anlage|anlagen|fahrzeug|konto|haushalt|tier|cliente|clientes|utilisateur|abonné|sujet|élève|eleve|appareil|compte|foyer|véhicule|vehicule|conducteur|employé|paciente|usuario|sujeto|alumno|dispositivo|máquina|maquina|cuenta|hogar|vehículo|vehiculo|empleado|paziente|utente|soggetto|studente|macchina|conto|veicolo|dipendente|usuário|utilizador|aluno|conta|veículo|klant|klanten|patiënt|gebruiker|deelnemer|leerling|apparaat|rekening|voertuig|medewerker";
const NUMBERED = "id|no|nr|num|number|nummer|numero|número|numéro|key|code|kennung|name|uuid|#";
const NAMED = new RegExp(
  `(?:^|[^\\p{L}])(?:${OWNERS}|${OWNERS_ELSEWHERE})s?(?:[\\s_.-]*(?:${NUMBERED}))?$`,
  "iu",
);
/** A number called "Visitors", "active users" or "num_user" counts them; "user 17" names one. */
const COUNTS =
  /s$|^(?:no|nr|num|number|n|count|total|sum|average|avg|mean|new|active)(?:[\s_.-]+of)?[\s_.-]/iu;
const IDENTIFIED = /[\s_.-](?:id|no|nr|num|number|key|code|uuid)$|#$/iu;
/** Medical record numbers, employee and person ids, as columns are called. */
const SHORT = /^(?:mrn|ssn|eid|uid|guid|pid|sid|cid|e?-?mail(?:[\s_-]?address)?|msisdn|imei|vin)$/i;
const EMAIL = /^[^\s@]+@[^\s@]+\.\p{L}{2,}$/u;
/** "patientId", "customerID", "userName": camel case. */
const CAPITALS = /([\p{Ll}])(\p{Lu})/gu;
const IDENTIFIER = /(?:^|[\s_.-])(?:id|uuid|guid|key)$/i;
/** Letters and digits in one pattern, as labels that a system generates: P017, dev-0003. */
const SERIAL = /^\p{L}*[-_#]?\d+$/u;

/** A UUID, a hash, a random key: letters and digits of some length. */
const DRAWN = /^(?=.*\d)(?=.*[a-z])[\w-]{8,}$/i;

const LEAST_GROUPS = 5;
/** Average number of rows in a group. */
const LEAST_ROWS = 1.5;

type Grouping = Pick<ColumnProfile, "name" | "type" | "count" | "missing" | "distinct" | "examples">;

/**
 * Decides by the name, the values and how often they repeat; a name alone such as "class" or "country" is not enough.
 */
export function isGroupColumn(column: Grouping): boolean {
  const { type, distinct } = column;
  if (type === "date" || type === "boolean" || type === "text") return false;
  const filled = column.count - column.missing;
  if (distinct < LEAST_GROUPS || filled < LEAST_ROWS * distinct || filled < 0.5 * column.count) return false;
  const name = column.name.normalize("NFC").trim().replace(CAPITALS, "$1_$2");
  const { examples } = column;
  const isSerial = examples.length > 0 && examples.every((value) => SERIAL.test(value.trim()));
  if (examples.length > 0 && examples.every((value) => EMAIL.test(value.trim()))) return true;
  const isCount = type === "number" && COUNTS.test(name) && !IDENTIFIED.test(name);
  if (NAMED.test(name) || SHORT.test(column.name.trim())) return type !== "number" || (isSerial && !isCount);
  return IDENTIFIER.test(name) && (isSerial || examples.every((value) => DRAWN.test(value.trim())));
}

export function groupFinding({ name, distinct, count, missing }: Grouping): Finding {
  const rows = Math.round((count - missing) / distinct);
  const message = `“${name}” has ${grouped(distinct)} different values with about ${grouped(rows)} rows each. Rows of the same value are alike, so a random split makes the test score look better than it is. Split by “${name}” if you will predict for new ones.`;
  const fix = { split: "group" as const, splitColumn: name };
  return { code: "group_column", severity: "warning", column: name, message, fix };
}
