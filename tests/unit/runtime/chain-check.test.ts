import { describe, expect, test } from "bun:test";
import {
  CHAINED,
  CLIENT,
  EXPIRED,
  FORGED,
  OTHER_ROOT,
  ROOT,
  SERVER,
  STRANGER,
} from "../../../runtime/conformance/tls/tls-fixtures.ts";
import {
  CLIENT_AUTH,
  chainProblem,
  SERVER_AUTH,
  TrustAnchors,
} from "../../../runtime/node/tls/chain-check.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";

const ROOTS = new TrustAnchors([ROOT]);
const BOTH = new TrustAnchors([OTHER_ROOT + ROOT]);

const chainOf = (text: string) => readPemBlocks(text).map(({ bytes }) => bytes);

describe("chainProblem", () => {
  test("leads to an authority that is trusted, by way of intermediates", () => {
    expect(chainProblem(chainOf(CLIENT.certificate), ROOTS, CLIENT_AUTH)).toBeNull();
    expect(chainProblem(chainOf(SERVER.certificate), ROOTS, SERVER_AUTH)).toBeNull();
    expect(chainProblem(chainOf(CHAINED.certificate), ROOTS, CLIENT_AUTH)).toBeNull();
    expect(chainProblem(chainOf(STRANGER.certificate), BOTH, CLIENT_AUTH)).toBeNull();
    // Others in the chain don't matter, wherever they are.
    const [leaf, intermediate] = chainOf(CHAINED.certificate);
    const crowded = [leaf, ...chainOf(OTHER_ROOT + SERVER.certificate), intermediate];
    expect(chainProblem(crowded, ROOTS, CLIENT_AUTH)).toBeNull();
  });

  test("an authority's own certificate is trusted as it is", () => {
    expect(chainProblem(chainOf(ROOT), ROOTS, SERVER_AUTH)).toBeNull();
    expect(chainProblem(chainOf(OTHER_ROOT), ROOTS, SERVER_AUTH)).toMatch(/signatures/);
  });

  test("refuses those whose signatures lead nowhere", () => {
    const [leaf] = chainOf(CHAINED.certificate);
    expect(chainProblem([leaf], ROOTS, CLIENT_AUTH)).toMatch(/signatures/);
    expect(chainProblem(chainOf(STRANGER.certificate), ROOTS, CLIENT_AUTH)).toMatch(/signatures/);
    expect(chainProblem(chainOf(CLIENT.certificate), new TrustAnchors([]), CLIENT_AUTH)).toMatch(
      /signatures/,
    );
    // A leaf is no authority, though it comes with its key.
    const [client] = chainOf(CLIENT.certificate);
    expect(chainProblem([leaf, client], ROOTS, CLIENT_AUTH)).toMatch(/signatures/);
  });

  test("refuses what was altered", () => {
    const [leaf] = chainOf(CLIENT.certificate);
    const altered = leaf.slice();
    // In the subject's name: still a certificate, and no longer the one that was signed.
    const at = new TextDecoder("latin1").decode(altered).lastIndexOf("client");
    altered[at] = 0x78;
    expect(chainProblem([altered], ROOTS, CLIENT_AUTH)).toMatch(/signatures/);
  });

  test("refuses those that are of version 1, expired, or for another use", () => {
    expect(chainProblem(chainOf(FORGED.certificate), ROOTS, CLIENT_AUTH)).toMatch(/version 1/);
    expect(chainProblem(chainOf(EXPIRED.certificate), ROOTS, CLIENT_AUTH)).toMatch(/expired/);
    expect(chainProblem(chainOf(CLIENT.certificate), ROOTS, SERVER_AUTH)).toMatch(/another use/);
    expect(chainProblem(chainOf(SERVER.certificate), ROOTS, CLIENT_AUTH)).toMatch(/another use/);
  });

  test("a chain without end costs no more than a few signatures", () => {
    const crowd = Array.from({ length: 200 }, () => chainOf(OTHER_ROOT)[0]);
    const [stranger] = chainOf(STRANGER.certificate);
    expect(chainProblem([stranger, ...crowd], ROOTS, CLIENT_AUTH)).toMatch(/signatures/);
  });
});
