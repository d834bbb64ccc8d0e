// Fields of a form: controls, what they hold, and what is wrong with it.

import { element } from "./dom.js";

export const UNREADABLE = "is not a number";

/** One field's control with its label, hint and place for an error. */
export class Field {
  constructor(described, place) {
    this.described = described;
    this.name = described.name;
    const id = `field-${place}`;
    const help = `${id}-hint ${id}-error`;
    this.control = described.values ? choice(described, id, help) : number(described, id, help);
    this.hint = element("p", { className: "hint", id: `${id}-hint`, textContent: hint(described) });
    this.error = element("p", { className: "error", id: `${id}-error` });
    const label = element("label", { htmlFor: id, textContent: this.name });
    this.root = element("div", { className: "field" }, label, this.control, this.hint, this.error);
    this.control.addEventListener("input", () => this.mark(null));
  }

  /** What goes into the record; null for nothing. Whether that may be so, the API knows. */
  get value() {
    const text = this.control.value;
    if (this.described.values) return this.control.selectedIndex < this.offset ? null : text;
    return text === "" ? null : Number(text);
  }

  /** How many choices come before the values: the empty one, where there is one. */
  get offset() {
    return this.described.nullable ? 1 : 0;
  }

  /** What the browser itself cannot read, or null. */
  get fault() {
    return this.control.validity.badInput ? UNREADABLE : null;
  }

  /** Show what is wrong; nothing is, for null. */
  mark(reason) {
    mark(this.control, this.error, reason);
  }

  focus() {
    this.control.focus();
  }
}

export function mark(control, place, reason) {
  place.textContent = reason === null ? "" : `${reason[0].toUpperCase()}${reason.slice(1)}.`;
  if (reason === null) control.removeAttribute("aria-invalid");
  else control.setAttribute("aria-invalid", "true");
}

function choice({ name, values, nullable, example }, id, help) {
  const select = element("select", { id, "aria-describedby": help, name });
  if (nullable) select.append(element("option", { value: "", textContent: "(empty)" }));
  for (const value of values) select.append(element("option", { value, textContent: value }));
  select.selectedIndex = values.indexOf(example) + (nullable ? 1 : 0);
  return select;
}

function number({ name, type, minimum, maximum, example }, id, help) {
  const whole = type === "Integral";
  return element("input", {
    id,
    name,
    type: "number",
    inputMode: whole && minimum >= 0 ? "numeric" : "decimal",
    min: minimum,
    max: maximum,
    step: whole ? "1" : "any",
    value: example ?? "",
    "aria-describedby": help,
  });
}

export function hint({ type, minimum, above, maximum, values, nullable }) {
  const said = [];
  if (!values) said.push(type === "Integral" ? "whole number" : "number", bounds(minimum, above, maximum));
  if (nullable) said.push("may be empty");
  return said.filter(Boolean).join(", ");
}

function bounds(minimum, above, maximum) {
  const text = (value) => value.toLocaleString("en").replace("-", "−");
  if (minimum !== undefined && maximum !== undefined) return `${text(minimum)} to ${text(maximum)}`;
  const said = [];
  if (minimum !== undefined) said.push(`from ${text(minimum)}`);
  if (above !== undefined) said.push(`above ${text(above)}`);
  if (maximum !== undefined) said.push(`up to ${text(maximum)}`);
  return said.join(", ");
}
