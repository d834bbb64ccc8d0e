// What each field adds to the log-odds, as bars to both sides of zero, and the sum that leads to the probability.

import { element, percent, signed } from "./dom.js";

/** The whole explanation of a prediction. `record` is what was asked, `positive` the label it speaks of. */
export function explanation({ contributions, base_value: base, probability }, record, positive) {
  const rows = Object.entries(contributions).sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));
  const longest = Math.max(...rows.map(([, value]) => Math.abs(value)), Number.MIN_VALUE);
  const sum = rows.reduce((total, [, value]) => total + value, 0);
  const caption = element("caption", {}, "What each field adds, in log-odds of ", element("q", {}, positive));
  const head = element("thead", {}, element("tr", {}, heading("Field"), heading("Against · for"), heading("Adds")));
  const body = element("tbody", {}, ...rows.map(([name, value]) => row(name, record[name], value, longest)));
  const table = element("table", { className: "contributions" }, caption, head, body);
  return element("div", {}, table, sums(base, sum, probability, positive));
}

function heading(text) {
  return element("th", { scope: "col", textContent: text });
}

function row(name, given, value, longest) {
  const bar = element("span", { className: value < 0 ? "bar against" : "bar for" });
  // Set through the style object, which the page's policy allows; a style attribute it would not.
  bar.style.width = `${(50 * Math.abs(value)) / longest}%`;
  const label = element("th", { scope: "row" }, name, " ", element("span", { className: "given" }, shown(given)));
  const track = element("td", { className: "track", ariaHidden: "true" }, element("div", {}, bar));
  const told = element("data", { value: String(value), textContent: signed(value) });
  return element("tr", {}, label, track, element("td", { className: "number" }, told));
}

function shown(given) {
  return given === null ? "(empty)" : String(given);
}

function sums(base, sum, probability, positive) {
  const line = (term, number, note) =>
    element("div", {}, element("dt", {}, term), element("dd", {}, element("data", { value: String(number), textContent: signed(number) }), note));
  return element(
    "div",
    { className: "sums" },
    element(
      "dl",
      {},
      line("Before any field (base value)", base, null),
      line("All fields together", sum, null),
      line("Log-odds", base + sum, ` → ${percent(probability)}`),
    ),
    element(
      "p",
      { className: "hint" },
      "Log-odds are ln(p / (1 − p)) of the probability p of ",
      element("q", {}, positive),
      ": 0 is 50 %, and each +0.693 doubles the odds. Fields that add less than 0 speak against it.",
    ),
  );
}
