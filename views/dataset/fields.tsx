/** Draws the fields of the form that starts a training. */
import type { Child } from "hono/jsx";
import type { Task } from "../../core/trainer/samples.ts";
import { short } from "../parts/format.ts";

/** Maximum number of names in one list. */
export const LISTED = 1000;
export const NAME_LENGTH = 60;

/** One column of the table, or none: a list while it is short enough, else a text field. */
export function ColumnField({ id, names }: { id: string; names: readonly string[] }) {
  const field = { id, name: id, "aria-describedby": `${id}-hint` };
  if (names.length > LISTED) return <input {...field} placeholder="none" />;
  return (
    <select {...field}>
      <option value="">None</option>
      {names.map((name) => (
        <option value={name}>{short(name, NAME_LENGTH)}</option>
      ))}
    </select>
  );
}

/** `only`: the task that it is for; with another it is hidden (hero.css). */
export function Field(props: {
  id: string;
  label: string;
  hint?: string;
  only?: Task;
  /** The error of its value. */
  error?: string | null;
  children: Child;
}) {
  const { id, label, hint, only, error, children } = props;
  return (
    <div class="field" {...(only && { "data-tasks": only })}>
      <label for={id}>{label}</label>
      {children}
      {error && (
        <p id={`${id}-error`} class="note note-danger">
          {error}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
