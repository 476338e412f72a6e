/** The kinds of setting that the records of settings are made of. */
import "../../platform/zod-setup.ts";
import * as z from "zod";

/** Settings that can be changed at run time, by their group on the page. */
export type SettingGroup = "thresholds" | "retention" | "embedding" | "sources" | "alerts";

export interface Setting {
  schema: z.ZodType;
  fallback: string;
  says: string;
  /** Only a setting with a group can be changed at run time. */
  group?: SettingGroup;
  /** Never shown; read from the file that NAME_FILE names, if that is set. */
  isSecret?: true;
}

export const text = () => z.string().trim();
export const list = () => z.string().transform((value) => value.split(/[\s,]+/).filter(Boolean));
export const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
export const number = (min: number, max: number) => z.coerce.number().min(min).max(max);

export const setting = <S extends z.ZodType>(schema: S, fallback: string, says: string) => ({
  schema,
  fallback,
  says,
});

export const secret = <S extends z.ZodType>(schema: S, says: string) => ({
  ...setting(schema, "", says),
  isSecret: true as const,
});

/** One that can be changed at run time, unless the environment sets it. */
export const changeable = <S extends z.ZodType>(group: SettingGroup, ...entry: [S, string, string]) => ({
  ...setting(...entry),
  group,
});
