// Types of `hearth.js`, for pages that embed it. `types.js` beside this file holds it against the module.

export type Source =
  | Blob
  | ArrayBuffer
  | ArrayBufferView<ArrayBuffer>
  | string
  | URL
  | Response
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas;

export interface OutputOptions {
  /** PNG if not said; JPEG has a white background. */
  format?: "image/png" | "image/webp" | "image/jpeg" | "image/avif";
  /** 0 to 1, of WebP, JPEG and AVIF; .9 if not said. */
  quality?: number;
  /** The subject, the rest, or the alpha as grey. */
  type?: "foreground" | "background" | "mask";
}

export interface Options {
  /** "quick" (or "small"), "better" (or "medium", "large"), "people"; the ids of `models.json` too. */
  model?: string;
  output?: OutputOptions;
  progress?: (key: string, current: number, total: number) => void;
  signal?: AbortSignal;
}

export function removeBackground(source: Source, options?: Options): Promise<Blob>;
export function removeForeground(source: Source, options?: Options): Promise<Blob>;
export function segmentForeground(source: Source, options?: Options): Promise<Blob>;
export function preload(options?: Options): Promise<void>;
export default removeBackground;

declare global {
  interface HTMLElementTagNameMap {
    "hearth-cutout": HTMLElement & { cut(source: Source): Promise<void> };
  }
}
