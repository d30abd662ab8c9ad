/** What answers at an origin, for a browser that is to reach it in another way than by the network. */
export type Origin = (url: URL, fields: [string, string][], method: string) => Promise<Response>;

/** As much of a browser as logins need: cookies by origin, and redirects, which it follows across origins. */
export class Browser {
  readonly cookies = new Map<string, Map<string, string>>();
  /** Where it was last. */
  at = "";
  private readonly origins: Readonly<Record<string, Origin>>;

  constructor(origins: Readonly<Record<string, Origin>> = {}) {
    this.origins = origins;
  }

  /** One request, as for a page. */
  async ask(
    address: string,
    more: readonly [string, string][] = [["Sec-Fetch-Mode", "navigate"]],
    method = "GET",
  ): Promise<Response> {
    const url = new URL(address);
    const jar = this.jar(url.origin);
    const fields: [string, string][] = [...more];
    if (jar.size > 0)
      fields.push(["Cookie", Array.from(jar, ([name, value]) => `${name}=${value}`).join("; ")]);
    const origin = this.origins[url.origin];
    const response =
      origin === undefined
        ? await fetch(url, { headers: fields, redirect: "manual", method })
        : await origin(url, fields, method);
    this.at = address;
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";");
      const [name, ...value] = pair.split("=");
      const gone = attributes.some((text) => /^\s*(max-age=0|expires=.*1970.*)$/i.test(text));
      if (gone) jar.delete(name);
      else jar.set(name, value.join("="));
    }
    return response;
  }

  /** Follows redirects until there is a page, or until one leads to what `until` names. */
  async open(address: string, until = ""): Promise<Response> {
    let response = await this.ask(address);
    for (let i = 0; i < 15; i++) {
      const location = response.headers.get("location");
      if (location === null || response.status < 300 || response.status > 399) return response;
      const next = new URL(location, this.at).href;
      if (until !== "" && next.includes(until)) return response;
      response = await this.ask(next);
    }
    throw new Error(`redirects without an end, at ${this.at}`);
  }

  jar(origin: string): Map<string, string> {
    let jar = this.cookies.get(origin);
    if (jar === undefined) {
      jar = new Map();
      this.cookies.set(origin, jar);
    }
    return jar;
  }
}
