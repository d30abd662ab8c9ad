/** Files that are imported as texts. */
// Not "*.html": the types of Bun take that for what its bundler makes of it.
declare module "*.htm" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.browser.js" {
  const text: string;
  export default text;
}
