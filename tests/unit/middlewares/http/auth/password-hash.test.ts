import { describe, expect, test } from "bun:test";
import {
  passwordFits,
  passwordHashKind,
} from "../../../../../src/middlewares/http/auth/password-hash.ts";

const octets = (text: string) => Buffer.from(text).toString("latin1");

describe("passwordFits", () => {
  test("knows the hashes of Apache's htpasswd", async () => {
    const { stdout } = Bun.spawnSync(["openssl", "passwd", "-apr1", "-salt", "abcdefgh", "secret"]);
    const apr1 = stdout.toString().trim();
    const md5 = Bun.spawnSync(["openssl", "passwd", "-1", "-salt", "x", "pässword"])
      .stdout.toString()
      .trim();
    const bcrypt = await Bun.password.hash("sécret", { algorithm: "bcrypt", cost: 4 });
    for (const [hash, password, kind] of [
      [apr1, "secret", "md5-crypt"],
      [md5, "pässword", "md5-crypt"],
      ["{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "secret", "sha1"],
      [bcrypt, "sécret", "bcrypt"],
      [bcrypt.replace("$2b$", "$2y$"), "sécret", "bcrypt"],
      [bcrypt.replace("$2b$", "$2a$"), "sécret", "bcrypt"],
      [bcrypt.replace("$2b$", "$2x$"), "sécret", "bcrypt"],
    ] as const) {
      expect([hash, passwordHashKind(hash)]).toEqual([hash, kind]);
      expect(await passwordFits({ password: octets(password), hash })).toBe(true);
      expect(await passwordFits({ password: octets(`${password}x`), hash })).toBe(false);
      expect(await passwordFits({ password: "", hash })).toBe(false);
    }
  });

  test("md5-crypt holds for passwords of all lengths around a digest's", async () => {
    for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 100]) {
      const password = "p".repeat(length);
      const { stdout } = Bun.spawnSync(["openssl", "passwd", "-apr1", "-salt", "s", "-stdin"], {
        stdin: Buffer.from(`${password}\n`),
      });
      const hash = stdout.toString().trim();
      expect([length, await passwordFits({ password, hash })]).toEqual([length, true]);
    }
  });

  test("nothing fits what is no hash", async () => {
    for (const hash of ["", "secret", "$5$salt$hash", "$6$salt$hash", "{SHA}", "{SHA}secret"]) {
      expect(passwordHashKind(hash)).toBeUndefined();
      expect(await passwordFits({ password: "secret", hash })).toBe(false);
      expect(await passwordFits({ password: hash, hash })).toBe(false);
    }
  });

  test("octets that are no text fit no bcrypt hash", async () => {
    const hash = await Bun.password.hash("\ufffd", { algorithm: "bcrypt", cost: 4 });
    expect(await passwordFits({ password: "\xff", hash })).toBe(false);
  });
});
