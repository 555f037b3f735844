/**
 * One IndexedDB database with stores of plain keys and values. Blobs in it lie on the disk: reading one gives a handle, and
 * its bytes come when they are asked for.
 */

export class Database {
  /** @param {string} name @param {number} version @param {string[]} stores  made anew where a version lacks them */
  constructor(name, version, stores) {
    this.name = name;
    this.version = version;
    this.stores = stores;
    /** @type {Promise<IDBDatabase | null> | null} */
    this.opened = null;
  }

  /** Null where the browser or the person forbids storage, or a newer version of the page has been here. */
  open() {
    this.opened ??= new Promise((resolve) => {
      /** @type {IDBOpenDBRequest} */
      let request;
      try {
        request = indexedDB.open(this.name, this.version);
      } catch (error) {
        if (!(error instanceof DOMException || error instanceof TypeError)) throw error; // forbidden, or not there
        return resolve(null);
      }
      request.onupgradeneeded = () => {
        for (const store of this.stores) {
          if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
        }
      };
      request.onerror = () => resolve(null);
      request.onsuccess = () => {
        const database = request.result;
        // Another tab deletes everything, or brings a new version: this one must let go.
        database.onversionchange = () => database.close();
        database.onclose = () => (this.opened = Promise.resolve(null));
        resolve(database);
      };
    });
    return this.opened;
  }

  /** @param {string} store @param {string} key @returns {Promise<any>}  undefined where there is none */
  get(store, key) {
    return this.#read(store, (objects) => objects.get(key), undefined);
  }

  /** All keys and values of a store. @param {string} store @returns {Promise<Map<string, any>>} */
  async all(store) {
    const keys = await this.#read(store, (objects) => objects.getAllKeys(), []);
    const values = await this.#read(store, (objects) => objects.getAll(), []);
    return new Map(keys.map((/** @type {string} */ key, /** @type {number} */ index) => [key, values[index]]));
  }

  /**
   * Stores a value; false where there is no room for it, or no storage at all.
   * @param {string} store @param {string} key @param {any} value
   */
  put(store, key, value) {
    return this.#write([store], (objects) => objects(store).put(value, key));
  }

  /** @param {string[]} keys  deleted in all stores */
  delete(keys) {
    return this.#write(this.stores, (objects) => {
      for (const store of this.stores) for (const key of keys) objects(store).delete(key);
    });
  }

  /** Deletes the database; nothing can be stored until the page is opened again. */
  async destroy() {
    (await this.open())?.close();
    this.opened = Promise.resolve(null);
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const request = indexedDB.deleteDatabase(this.name);
        request.onsuccess = request.onerror = () => resolve();
      })
    );
  }

  /** @param {string} store @param {(objects: IDBObjectStore) => IDBRequest} ask @param {any} otherwise */
  async #read(store, ask, otherwise) {
    const database = await this.open();
    if (!database) return otherwise;
    return new Promise((resolve) => {
      try {
        const request = ask(database.transaction(store).objectStore(store));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => resolve(otherwise);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error; // closed meanwhile
        resolve(otherwise);
      }
    });
  }

  /**
   * @param {string[]} stores @param {(objects: (store: string) => IDBObjectStore) => void} change
   * @returns {Promise<boolean>}
   */
  async #write(stores, change) {
    const database = await this.open();
    if (!database) return false;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(stores, "readwrite");
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => resolve(false);
        change((store) => transaction.objectStore(store));
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        resolve(false);
      }
    });
  }
}
