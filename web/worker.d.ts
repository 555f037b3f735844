/** What a worker has and a page has not, as far as it is used here. */

declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}
