// The answer to a question, or what went wrong: how it is shown, and who gave it.

import { byId, element } from "./dom.js";

/** Show the parts of an answer. */
export function show(...parts) {
  byId("result").replaceChildren(...parts.filter((part) => part !== null));
}

/** Show why there is no prediction. */
export function showProblem(problem) {
  show(problemBox(problem));
}

export function showQuiet(text) {
  show(element("p", { className: "quiet", textContent: text }));
}

/** Bring the answer into view where it lies below the window, as it does in a narrow one. */
export function bringIntoView() {
  const answer = byId("answer");
  if (answer.getBoundingClientRect().top > 0.8 * innerHeight) answer.scrollIntoView({ block: "start" });
}

/** Who gave the answer, between what else is to be told: pairs of a term and a text. */
export function facts({ model, inference_id: inferenceId }, before, after = []) {
  const version = model.model_package_version;
  const rows = [
    ...before,
    ["Model version", version === null ? "not known" : String(version)],
    ["Model package", model.model_package_arn ?? "not known"],
    ["Variant", model.variant ?? "not told"],
    ["Endpoint", model.endpoint_status ?? "not known"],
    ...after,
    ["Inference id", inferenceId],
  ];
  return element(
    "dl",
    { className: "facts" },
    ...rows.map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text))),
  );
}

export function problemBox(problem) {
  const wait = problem.retryAfter ? ` Ask again in ${problem.retryAfter} s.` : "";
  return element(
    "div",
    { className: "problem" },
    element("h3", {}, problem.status ? `${problem.title} (${problem.status})` : problem.title),
    element("p", {}, problem.message + wait),
    problem.requestId ? element("p", { className: "hint" }, `Request ${problem.requestId}`) : null,
  );
}
