/** Checkboxes that select rows of a list, and the button that compares them. Both work without script. */
import { type Links, url } from "../layout/page-context.ts";

/** `form`: the ID of the form that is sent; it is outside the list, because rows have forms of their own. */
export function Pick({ form, value, label }: { form: string; value: string; label: string }) {
  return (
    <label class="pick">
      <input type="checkbox" name="runs" value={value} form={form} aria-label={`Select ${label}`} />
    </label>
  );
}

/** Opens the comparison of the rows selected in the list of this form. */
export function CompareForm(props: { form: string; links: Links; label: string; least?: 1 | 2 }) {
  const { form, links, label, least = 2 } = props;
  return (
    <form id={form} class="compare-form" method="get" action={url(links, "/compare")}>
      <button type="submit">Compare selected {label}</button>{" "}
      <span class="fine">{least === 1 ? "Select one to four." : "Select two to five."}</span>
    </form>
  );
}
