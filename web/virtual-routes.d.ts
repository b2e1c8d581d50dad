declare module "virtual:routes" {
  /** "method path" of each route by its name, as in src/server/contract. */
  const routes: Readonly<Record<string, string>>;
  export default routes;
}
