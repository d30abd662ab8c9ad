import { BUILTINS } from "./builtins.ts";
import { DICTS } from "./dicts.ts";
import { ENCODINGS } from "./encodings.ts";
import { fn, type TemplateFunction } from "./function.ts";
import { LISTS } from "./lists.ts";
import { LOGIC } from "./logic.ts";
import { NUMBERS } from "./numbers.ts";
import { REGEXPS } from "./regexps.ts";
import { TEXT } from "./text.ts";

/** What Traefik's templates have and Sluice's don't: sprig's, of time, chance, secrets and the network. */
const REFUSED: ReadonlySet<string> = new Set(
  `ago date dateInZone dateModify date_in_zone date_modify duration durationRound htmlDate htmlDateInZone
  mustDateModify mustToDate must_date_modify now toDate unixEpoch
  randAlpha randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4
  adler32sum bcrypt buildCustomCert decryptAES derivePassword encryptAES genCA genCAWithKey genPrivateKey
  genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey htpasswd sha1sum sha256sum sha512sum
  getHostByName urlJoin urlParse semver semverCompare
  abbrevboth camelcase kebabcase snakecase wrap wrapWith b32dec b32enc add1f addf divf mulf subf
  osBase osClean osDir osExt osIsAbs hello call`.split(/\s+/),
);

export type Environment = Readonly<Record<string, string | undefined>>;

/** All functions of a template, by name. */
export function templateFunctions(env: Environment): ReadonlyMap<string, TemplateFunction> {
  return new Map(
    Object.entries({
      // sprig's are there to be preferred, as where Traefik puts them over Go's own.
      ...BUILTINS,
      ...TEXT,
      ...NUMBERS,
      ...LISTS,
      ...DICTS,
      ...LOGIC,
      ...ENCODINGS,
      ...REGEXPS,
      env: fn("string", (name: string) => valueIn(env, name)),
      expandenv: fn("string", (text: string) => expanded(text, env)),
    }),
  );
}

/** Throws an Error where templates have no function of that name. `and` and `or` are no functions. */
export function checkFunction(
  name: string,
  functions: ReadonlyMap<string, TemplateFunction>,
): void {
  if (functions.has(name) || name === "and" || name === "or") return;
  if (REFUSED.has(name))
    throw new Error(`the function "${name}" is known to Traefik, not supported by Sluice`);
  throw new Error(`the function "${name}" is not defined`);
}

function valueIn(env: Environment, name: string): string {
  return Object.hasOwn(env, name) ? (env[name] ?? "") : "";
}

/** Go's os.ExpandEnv: `$name` and `${name}`. */
function expanded(text: string, env: Environment): string {
  return text.replace(/\$(?:\{([^}]*)\}|([A-Za-z_]\w*|[*#$@!?\-0-9]))/g, (_, braced, bare) =>
    valueIn(env, braced ?? bare),
  );
}
