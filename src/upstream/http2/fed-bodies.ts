import type { Body } from "../../http/body.ts";

/** The bodies that got pieces of the present read event's array, which may be freed when none needs it any more. */
export class FedBodies {
  private readonly bodies: Body[] = [];

  /** `body` gets a piece. */
  add(body: Body): void {
    const { bodies } = this;
    if (bodies.length === 0 || bodies[bodies.length - 1] !== body) bodies.push(body);
  }

  /** The read event is over: true where nothing refers to the pieces any more. Forgets all of them. */
  end(): boolean {
    const { bodies } = this;
    let released = true;
    for (let i = 0; i < bodies.length; i++) released &&= bodies[i].released;
    bodies.length = 0;
    return released;
  }
}
