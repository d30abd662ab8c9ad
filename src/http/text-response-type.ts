/**
 * Some platforms keep to themselves that a Response made of text is text/plain: on Bun only its own
 * server adds the Content-Type that the Fetch standard wants on every such Response ("extract a
 * body"). Handlers rely on it, so where it is missing the global constructor is wrapped once. Does
 * nothing on platforms that follow the standard, or when called again.
 */
export function ensureTextResponseType(): void {
  const Native = globalThis.Response;
  if (new Native("").headers.has("content-type")) return;
  globalThis.Response = new Proxy(Native, {
    construct(target, [body, init], newTarget): Response {
      const response: Response = Reflect.construct(target, [body, init], newTarget);
      if (typeof body === "string" && !response.headers.has("content-type")) {
        response.headers.set("content-type", "text/plain;charset=UTF-8");
      }
      return response;
    },
  });
}
