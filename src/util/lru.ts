/** State per key in bounded memory: beyond the cap the least recently used go, except busy ones and the one just asked for. */
export class Lru<T> {
  readonly #nodes = new Map<string, Node<T>>();
  readonly #cap: number;
  readonly #make: (key: string) => T;
  readonly #isBusy: (entry: T) => boolean;
  /** The ends of a list in order of use: moving a node in it costs less than re-inserting its key into the map. */
  #oldest: Node<T> | undefined;
  #newest: Node<T> | undefined;

  constructor(cap: number, make: (key: string) => T, isBusy: (entry: T) => boolean = () => false) {
    this.#cap = cap;
    this.#make = make;
    this.#isBusy = isBusy;
  }

  /** The state of a key, created if there is none. */
  use(key: string): T {
    let node = this.#nodes.get(key);
    if (node === this.#newest && node) return node.entry;
    if (node) this.#unlink(node);
    else {
      this.#makeRoom();
      node = { key, entry: this.#make(key), older: undefined, newer: undefined };
      this.#nodes.set(key, node);
    }
    this.#append(node);
    return node.entry;
  }

  peek(key: string): T | undefined {
    return this.#nodes.get(key)?.entry;
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    if (node) this.#remove(node);
  }

  /** Least recently used first. */
  values(): T[] {
    const entries: T[] = [];
    for (let node = this.#oldest; node; node = node.newer) entries.push(node.entry);
    return entries;
  }

  /** If more than the cap were busy at once, the surplus goes here once it no longer is. */
  #makeRoom(): void {
    for (let node = this.#oldest; node && this.#nodes.size >= this.#cap; node = node.newer) {
      if (!this.#isBusy(node.entry)) this.#remove(node);
    }
  }

  #remove(node: Node<T>): void {
    this.#nodes.delete(node.key);
    this.#unlink(node);
  }

  #unlink({ older, newer }: Node<T>): void {
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
  }

  #append(node: Node<T>): void {
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest) this.#newest.newer = node;
    else this.#oldest = node;
    this.#newest = node;
  }
}

interface Node<T> {
  readonly key: string;
  readonly entry: T;
  older: Node<T> | undefined;
  newer: Node<T> | undefined;
}
