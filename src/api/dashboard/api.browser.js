// Questions to the API beside the page.

/** The sections that have elements, with their titles. */
export const SECTIONS = [
  ["http/routers", "HTTP routers"],
  ["http/services", "HTTP services"],
  ["http/middlewares", "HTTP middlewares"],
  ["tcp/routers", "TCP routers"],
  ["tcp/services", "TCP services"],
  ["tcp/middlewares", "TCP middlewares"],
  ["udp/routers", "UDP routers"],
  ["udp/services", "UDP services"],
];

/** The answer's JSON; throws an Error with what the API says is wrong. */
export async function ask(path) {
  return (await askList(path)).body;
}

/** The same of a list: with the number of the next page (1: none) and how many there are. */
export async function askList(path) {
  const response = await fetch(`../api/${path}`);
  const text = await response.text();
  let body;
  try {
    // Priorities go beyond what a number holds; they are shown by their text.
    body = JSON.parse(text);
  } catch {
    body = { message: text.trim() };
  }
  if (!response.ok) throw new Error(body.message || `the API answers ${response.status}`);
  return {
    body,
    next: Number(response.headers.get("X-Next-Page") ?? 1),
    total: Number(response.headers.get("X-Total-Count") ?? 0),
  };
}

/** Undefined where there is no such element. */
export function find(section, name) {
  return ask(`${section}/${encodeURIComponent(name)}`).catch(() => undefined);
}

/** A reference as its element has it, in full. */
export function qualified(reference, provider) {
  return reference.includes("@") ? reference : `${reference}@${provider}`;
}
