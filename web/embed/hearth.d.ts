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
  /** PNG if not said; JPEG has a white background; the last two are bare bytes, width and height in the Blob's type. */
  format?: "image/png" | "image/webp" | "image/jpeg" | "image/avif" | "image/x-rgba8" | "image/x-alpha8";
  /** 0 to 1, of WebP, JPEG and AVIF; .9 if not said. */
  quality?: number;
  /** The subject, the rest, or the alpha as grey. */
  type?: "foreground" | "background" | "mask";
}

export interface Options {
  /** "quick" (or "small", "isnet_quint8"), "better" (or "medium", "large", "isnet", "isnet_fp16"), "people"; ids of `models.json`. */
  model?: string;
  output?: OutputOptions;
  progress?: (key: string, current: number, total: number) => void;
  signal?: AbortSignal;
  /** For sources that are addresses. */
  fetchArgs?: RequestInit;
  /** Progress goes to the console where nobody else takes it. */
  debug?: boolean;
  /** These change nothing, which the console says: everything lies beside `hearth.js` and runs where it is fastest. */
  publicPath?: string;
  device?: "cpu" | "gpu";
  proxyToWorker?: boolean;
  rescale?: boolean;
}

/** Names that users of @imgly/background-removal know. */
export type { Options as Config, Source as ImageSource };

export function removeBackground(source: Source, options?: Options): Promise<Blob>;
export function removeForeground(source: Source, options?: Options): Promise<Blob>;
export function segmentForeground(source: Source, options?: Options): Promise<Blob>;
export { segmentForeground as alphamask };
export function applySegmentationMask(source: Source, mask: Source, options?: Options): Promise<Blob>;
export function preload(options?: Options): Promise<void>;
export default removeBackground;

declare global {
  interface HTMLElementTagNameMap {
    "hearth-cutout": HTMLElement & { cut(source: Source): Promise<void> };
  }
}
