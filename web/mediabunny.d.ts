// Mediabunny lies beside the app only in the built site; its types come with its package.
declare module "*/mediabunny.mjs" {
  export * from "mediabunny";
}
