import { expect, test } from "bun:test";
import { appendForwardedFor } from "../../../../src/http/fields/forwarded-for.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { receivedHeaders } from "../../../support/http/make-request.ts";

test("appendForwardedFor", () => {
  const list = new HeaderList();
  appendForwardedFor(list, "192.0.2.1");
  appendForwardedFor(list, "");
  appendForwardedFor(list, "2001:db8::1");
  expect(list.all("x-forwarded-for")).toEqual(["192.0.2.1, 2001:db8::1"]);
  const received = receivedHeaders([
    ["x-forwarded-for", "a"],
    ["X-Forwarded-For", "b"],
  ]);
  appendForwardedFor(received, "c");
  expect(received.all("x-forwarded-for")).toEqual(["a, b, c"]);
});
