// Reports wait in IndexedDB, so that an outage or a closed page loses nothing.

import { config } from "./page.mjs";

class Queue {
  #memory = new Map();
  #next = 1;
  #opening = null;

  #database() {
    this.#opening ??= new Promise((resolve) => {
      let request;
      try {
        request = indexedDB.open("tomoni-watching", 1);
      } catch {
        resolve(null); // private windows of some browsers
        return;
      }
      request.onupgradeneeded = () => request.result.createObjectStore("reports", { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    });
    return this.#opening;
  }

  async #run(mode, work) {
    const database = await this.#database();
    if (!database) return null;
    return new Promise((resolve) => {
      const transaction = database.transaction("reports", mode);
      const request = work(transaction.objectStore("reports"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => resolve(null);
    });
  }

  put(report) {
    report.key ??= `${Date.now()}-${Math.random().toString(36).slice(2)}-${this.#next++}`;
    this.#memory.set(report.key, report);
    return this.#run("readwrite", (store) => store.put(report));
  }

  remove(report) {
    this.#memory.delete(report.key);
    return this.#run("readwrite", (store) => store.delete(report.key));
  }

  /** All reports of this person on this recording, oldest first. */
  async list() {
    const kept = (await this.#run("readonly", (store) => store.getAll())) ?? [];
    for (const report of kept) if (!this.#memory.has(report.key)) this.#memory.set(report.key, report);
    return [...this.#memory.values()]
      .filter((r) => r.person === config.person && r.recording === config.recording && r.version === config.version)
      .sort((a, b) => a.at - b.at);
  }
}

export const queue = new Queue();
