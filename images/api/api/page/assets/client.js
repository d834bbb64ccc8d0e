// The API as this page asks it. Addresses are relative: the page may lie below a stage's name.

/** An answer that is no success, as its problem details (RFC 9457) tell it. */
export class Problem extends Error {
  constructor(status, document, retryAfter) {
    super(document.detail || document.title || `The API answered ${status}.`);
    this.status = status;
    this.title = document.title || "No answer";
    this.errors = document.errors || [];
    this.requestId = document.request_id || null;
    this.retryAfter = retryAfter;
  }
}

export async function projects() {
  return (await request("v1/projects")).projects;
}

/** Ask for predictions; the options are headers, of which empty ones are left out. */
export function predict(project, key, body, options) {
  const headers = Object.entries(options).filter(([, value]) => value !== "");
  return post(project, "predictions", key, body, Object.fromEntries(headers));
}

export function tellTruth(project, key, inferenceId, label) {
  return post(project, "ground-truth", key, { labels: [{ inference_id: inferenceId, label }] });
}

function post(project, path, key, body, headers = {}) {
  return request(`v1/${encodeURIComponent(project)}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Api-Key": key, ...headers },
    body: JSON.stringify(body),
  });
}

async function request(path, options = {}) {
  let response, document;
  try {
    response = await fetch(path, { ...options, cache: "no-store", credentials: "omit", redirect: "error" });
    document = await response.json();
  } catch (error) {
    throw new Problem(response?.status ?? 0, {
      title: "No answer",
      detail:
        error instanceof TypeError
          ? "The API cannot be reached, or a header holds what no header may."
          : "What came back is no answer of the API's.",
    });
  }
  if (!response.ok) throw new Problem(response.status, document, response.headers.get("Retry-After"));
  return document;
}
