// The answer to a question: a prediction and who gave it, or what went wrong; and the truth, once it is known.

import { tellTruth } from "./client.js";
import { explanation } from "./contributions.js";
import { byId, element, percent } from "./dom.js";

/** Show what the API said. `asked` holds the project, the key and the record. */
export function showPrediction(answer, asked) {
  const [prediction] = answer.predictions;
  const { positive } = asked.project.target;
  show(
    verdict(prediction, asked.project),
    prediction.contributions ? explanation(prediction, asked.record, positive) : null,
    facts(answer, prediction),
    asked.project.takes_ground_truth ? groundTruth(answer, asked) : null,
  );
}

/** Show why there is no prediction. */
export function showProblem(problem) {
  show(problemBox(problem));
}

export function showQuiet(text) {
  show(element("p", { className: "quiet", textContent: text }));
}

function show(...parts) {
  byId("result").replaceChildren(...parts.filter((part) => part !== null));
}

/** Bring the answer into view where it lies below the window, as it does in a narrow one. */
export function bringIntoView() {
  const answer = byId("answer");
  if (answer.getBoundingClientRect().top > 0.8 * innerHeight) answer.scrollIntoView({ block: "start" });
}

function verdict({ label, probability }, { target }) {
  const filled = element("span", {});
  filled.style.width = `${100 * probability}%`;
  return element(
    "div",
    { className: "verdict" },
    element("p", {}, `${target.name}: `, element("strong", { id: "label", textContent: label })),
    element(
      "p",
      {},
      "Probability of ",
      element("q", {}, target.positive),
      ": ",
      element("data", { id: "probability", value: String(probability), textContent: percent(probability) }),
    ),
    element("div", { className: "meter", ariaHidden: "true" }, filled),
  );
}

function facts(answer, { probability }) {
  const { model } = answer;
  const version = model.model_package_version;
  const rows = [
    ["Probability", String(probability)],
    ["Model version", version === null ? "not known" : String(version)],
    ["Model package", model.model_package_arn ?? "not known"],
    ["Variant", model.variant ?? "not told"],
    ["Endpoint", model.endpoint_status ?? "not known"],
    ["Features", answer.features],
    ["Inference id", answer.inference_id],
  ];
  return element(
    "dl",
    { className: "facts" },
    ...rows.map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text))),
  );
}

function problemBox(problem) {
  const wait = problem.retryAfter ? ` Ask again in ${problem.retryAfter} s.` : "";
  return element(
    "div",
    { className: "problem" },
    element("h3", {}, problem.status ? `${problem.title} (${problem.status})` : problem.title),
    element("p", {}, problem.message + wait),
    problem.requestId ? element("p", { className: "hint" }, `Request ${problem.requestId}`) : null,
  );
}

function groundTruth(answer, { project, key }) {
  const outcome = element("div", { className: "outcome", role: "status" });
  const labels = [project.target.positive, project.target.negative];
  const buttons = labels.map((label) => element("button", { type: "button", className: "plain", textContent: label }));
  let busy = false;
  const tell = async (label) => {
    if (busy) return;
    busy = true;
    try {
      const told = await tellTruth(project.project, key, answer.inference_id, label);
      outcome.replaceChildren(told.repeated ? `“${label}” was stored before.` : `“${label}” is stored.`);
    } catch (problem) {
      outcome.replaceChildren(problemBox(problem));
    } finally {
      busy = false;
    }
  };
  buttons.forEach((button, place) => button.addEventListener("click", () => tell(labels[place])));
  return element(
    "section",
    { className: "truth" },
    element("h3", {}, `What was ${project.target.name} really?`),
    element("div", { className: "buttons", role: "group", ariaLabel: "The true label" }, ...buttons),
    element("p", { className: "hint" }, "Kept under the inference id, for monitoring. The first label stays."),
    outcome,
  );
}
