// Rows: a field a feature, a label with its probability, what each field adds, and the truth once it is known.

import { facts, problemBox } from "./answer.js";
import { tellTruth } from "./client.js";
import { explanation } from "./contributions.js";
import { element, percent } from "./dom.js";
import { Field } from "./fields.js";

/** The form of a project whose records are rows. */
export class TabularForm {
  title = "One record";
  verb = "Predict";

  constructor(project) {
    this.project = project;
    const { name, positive, negative } = project.target;
    this.purpose = `Predicts ${name}: ${positive} or ${negative}.`;
    this.fields = project.fields.map((described, place) => new Field(described, place));
    this.contributions = element("input", { id: "contributions", type: "checkbox", checked: true });
    this.wishes = [element("label", { className: "check" }, this.contributions, " Say what each field adds")];
  }

  get roots() {
    return this.fields.map((field) => field.root);
  }

  /** What is asked for. */
  body() {
    const record = Object.fromEntries(this.fields.map((field) => [field.name, field.value]));
    return { records: [record], contributions: this.contributions.checked };
  }

  /** The parts of what is shown of an answer. */
  answered(answer, { key, body }) {
    const [prediction] = answer.predictions;
    return [
      verdict(prediction, this.project),
      prediction.contributions ? explanation(prediction, body.records[0], this.project.target.positive) : null,
      facts(answer, [["Probability", String(prediction.probability)]], [["Features", answer.features]]),
      this.project.takes_ground_truth ? groundTruth(answer, this.project, key) : null,
    ];
  }
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

function groundTruth(answer, project, key) {
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
