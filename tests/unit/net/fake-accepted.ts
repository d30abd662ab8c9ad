import type { Address } from "../../../src/net/connection.ts";
import type { AcceptedConnection } from "../../../src/net/tcp-handler.ts";
import { FakeConnection } from "./fake-connection.ts";

/** A connection that an entrypoint has accepted, without either; counts how often it was said to be over. */
export class FakeAccepted implements AcceptedConnection {
  readonly connection = new FakeConnection();
  readonly early: Uint8Array;
  readonly remote: Address;
  readonly local: Address = { ip: "192.0.2.2", port: 443 };
  readonly entryPoint: string;
  over = 0;
  cut: () => void = () => this.connection.reset();

  constructor(ip = "192.0.2.7", early: Uint8Array = new Uint8Array(0), entryPoint = "web") {
    this.remote = { ip, port: 4711 };
    this.early = early;
    this.entryPoint = entryPoint;
  }

  closed(): void {
    this.over++;
  }
}
