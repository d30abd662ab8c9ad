import { expect, test } from "bun:test";
import { SealedBox } from "../../../../../../src/middlewares/http/auth/oidc/sealed-box.ts";

const secret = (text: string) => new TextEncoder().encode(text.padEnd(32, "x"));

test("opens what it sealed, and nothing else", async () => {
  const box = new SealedBox(secret("one"), "owner");
  const data = { a: [1, "ü"], b: null };
  const [text, again] = [await box.seal("session", data), await box.seal("session", data)];
  expect(text).toMatch(/^[\w-]+$/);
  expect(text).not.toBe(again);
  expect(await box.open("session", text)).toEqual(data);
  expect(await new SealedBox(secret("one"), "owner").open("session", text)).toEqual(data);

  expect(await box.open("login", text)).toBeNull();
  expect(await new SealedBox(secret("two"), "owner").open("session", text)).toBeNull();
  expect(await new SealedBox(secret("one"), "other").open("session", text)).toBeNull();
  for (const wrong of ["", "AAAA", "%", "ü", text.slice(1), text.slice(0, -2), `${text}AAAA`])
    expect(await box.open("session", wrong)).toBeNull();
  for (let i = 0; i < text.length; i += 7) {
    const changed = text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
    expect(await box.open("session", changed)).toBeNull();
  }
});
