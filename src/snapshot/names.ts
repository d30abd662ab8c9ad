/** `name@provider`. */
export function qualify(name: string, provider: string): string {
  return `${name}@${provider}`;
}

/** A reference as written, in the provider of the one who refers where it names none itself. */
export function resolveReference(reference: string, provider: string): string {
  return reference.includes("@") ? reference : qualify(reference, provider);
}

/** The provider of a qualified name. */
export function providerOf(qualifiedName: string): string {
  return qualifiedName.slice(qualifiedName.lastIndexOf("@") + 1);
}
