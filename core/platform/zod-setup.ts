/**
 * Configures zod. Imported before the first schema is made: checks that zod compiles to functions cost the process 6
 * MB and save nothing that could be measured here.
 */
import * as z from "zod";

z.config({ jitless: true });
