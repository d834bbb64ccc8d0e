// Fields of a series' form: texts, whole numbers, lists of numbers, and features that are known ahead.

import { element } from "./dom.js";
import { hint, mark, UNREADABLE } from "./fields.js";

// What stands for a day without a value.
const MISSING = new Set(["-", "–", "−", "null", "nan"]);

/** A control with its label, hint and place for an error; `name` is what the API calls it in its errors. */
class Labelled {
  constructor(name, label, id, control, hinted = "") {
    this.name = name;
    this.control = control;
    this.inside = null;
    this.hint = element("p", { className: "hint", id: `${id}-hint`, textContent: hinted });
    this.error = element("p", { className: "error", id: `${id}-error` });
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
    control.addEventListener("input", () => this.mark(null));
    this.root = element(
      "div",
      { className: "field" },
      element("label", { htmlFor: id, textContent: label }),
      control,
      this.hint,
      this.error,
    );
  }

  get fault() {
    return null;
  }

  mark(reason) {
    mark(this.control, this.error, reason);
    if (reason !== null && this.inside) this.inside.open = true;
  }

  focus() {
    this.control.focus();
  }
}

export class TextField extends Labelled {
  constructor(name, label, id, example, hinted = "") {
    super(name, label, id, element("input", { value: example, spellcheck: false, name: label }), hinted);
  }

  get value() {
    return this.control.value.trim();
  }
}

/** A whole number from 1 to `most`, which it begins with; null while it is empty. */
export class WholeField extends Labelled {
  constructor(name, label, id, most) {
    const bounds = { type: "number", inputMode: "numeric", min: 1, max: most, step: 1, value: most };
    super(name, label, id, element("input", bounds), `1 to ${most}`);
    this.most = most;
  }

  get value() {
    return this.control.value === "" ? null : Number(this.control.value);
  }

  get fault() {
    return this.control.validity.badInput ? UNREADABLE : null;
  }

  /** How many values there have to be, as far as that can be said. */
  get count() {
    const wanted = Math.trunc(this.value ?? this.most);
    return Math.min(Math.max(wanted, 1), this.most);
  }
}

/** Numbers between spaces, semicolons or lines. */
export class ListField extends Labelled {
  constructor(name, label, id, hinted) {
    super(name, label, id, element("textarea", { rows: 4, spellcheck: false, inputMode: "decimal" }), hinted);
    this.root.classList.add("whole");
  }

  get value() {
    return numbers(this.control.value).map((text) => (MISSING.has(text.toLowerCase()) ? null : Number(text)));
  }

  get fault() {
    return unreadable(this.control.value, MISSING);
  }
}

/** A feature that is known ahead: one value for all days, or one for each. */
export class AheadField {
  constructor({ name, example, ...described }, id, days) {
    this.feature = name;
    this.name = `known.${name}`;
    this.days = days;
    this.list = element("textarea", { id: `${id}-list`, rows: 4, spellcheck: false, inputMode: "decimal", hidden: true });
    this.one = element("input", {
      id: `${id}-one`,
      type: "number",
      inputMode: "decimal",
      step: described.type === "Integral" ? "1" : "any",
      min: described.minimum,
      max: described.maximum,
      value: example[0] ?? "",
    });
    this.hint = element("p", { className: "hint", id: `${id}-hint` });
    this.error = element("p", { className: "error", id: `${id}-error` });
    this.described = hint(described);
    for (const control of [this.one, this.list]) {
      control.setAttribute("aria-labelledby", `${id}-name`);
      control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
      control.addEventListener("input", () => this.changed());
    }
    days.control.addEventListener("input", () => this.tell());
    const choice = (value, label, checked) => {
      const radio = element("input", { type: "radio", name: `${id}-form`, id: `${id}-${value}-form`, checked });
      radio.addEventListener("change", () => this.switchTo(value === "each"));
      return element("label", { className: "check" }, radio, ` ${label}`);
    };
    this.root = element(
      "fieldset",
      { className: "field whole" },
      element("legend", { id: `${id}-name`, textContent: name }),
      element("div", { className: "choices" }, choice("same", "The same for all days", true), choice("each", "One for each day", false)),
      this.one,
      this.list,
      this.hint,
      this.error,
    );
    // An example whose days differ is shown as it is.
    this.given = example.some((value) => value !== example[0]) ? example.join(" ") : "";
    this.tell();
  }

  get isList() {
    return !this.list.hidden;
  }

  get control() {
    return this.isList ? this.list : this.one;
  }

  get value() {
    if (this.isList) return numbers(this.list.value).map(Number);
    const value = this.one.value === "" ? null : Number(this.one.value);
    return Array.from({ length: this.days.count }, () => value);
  }

  get fault() {
    if (this.isList) return unreadable(this.list.value, new Set());
    return this.one.validity.badInput ? UNREADABLE : null;
  }

  switchTo(isList) {
    if (isList && this.list.value === "") {
      const value = this.one.value;
      this.list.value = this.given || Array.from({ length: this.days.count }, () => value).join(" ");
    }
    this.mark(null);
    [this.list.hidden, this.one.hidden] = [!isList, isList];
    this.tell();
  }

  changed() {
    this.mark(null);
    this.tell();
  }

  /** What is wanted, and of a list how much of it is there. */
  tell() {
    const count = numbers(this.list.value).length;
    const listed = `${count} of ${this.days.count} values, between spaces or lines`;
    this.hint.textContent = [this.described, this.isList ? listed : ""].filter(Boolean).join("; ");
  }

  mark(reason) {
    // One value is every day's: that the first one has the fault, and all others too, is said once.
    const own = this.isList ? reason : (reason?.replace(/^on day 1 /, "").replace(/, and \d+ more days$/, "") ?? null);
    mark(this.control, this.error, own);
    if (own === null) for (const each of [this.one, this.list]) each.removeAttribute("aria-invalid");
  }

  focus() {
    this.control.focus();
  }
}

function numbers(text) {
  return text.split(/[\s;]+/).filter(Boolean);
}

function unreadable(text, allowed) {
  const wrong = numbers(text).find((each) => !allowed.has(each.toLowerCase()) && !Number.isFinite(Number(each)));
  return wrong === undefined ? null : `has “${wrong.slice(0, 20)}”, which ${UNREADABLE}`;
}
